"""What a config says of data in a person's words, and settings on the command line of every verb that reads one."""

import json

import pytest
from click.testing import CliRunner

from rnnlab.cli import main

CONFIG = """name: x
data: {name: table, train: %s, text: text, label: label}
model: {embedding: {width: 4}, recurrent: [{cell: lstm, units: 4}]}
training: {epochs: 1}
"""
REFUSED = [
    ("data.test=0", "data.test: must be text, a list or a number above 0, got 0"),
    ("data.test=1.5", "data.test: must be text, a list or a number below 1, got 1.5"),
    ("data.label=''", "data.label: must be text that is not empty, got the text ''"),
    ("data.value=[]", "data.value: must be text that is not empty or a list that is not empty, got an empty list"),
    ("data.train=[a, 3]", "data.train: item 1 of the list must be text, got 3"),
    ("data.missing=skip", "data.missing: must be one of refuse, drop, got the text 'skip'"),
]


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RNNLAB_DATA", str(tmp_path / "data"))
    rows = "".join(f"film {number},{'pos' if number % 2 else 'neg'}\n" for number in range(40))
    (tmp_path / "a.csv").write_text("text,label\n" + rows)
    (tmp_path / "c.yaml").write_text(CONFIG % "a.csv")
    return lambda *words: CliRunner().invoke(main, words)


@pytest.mark.parametrize(("override", "message"), REFUSED)
def test_a_value_that_fits_nothing_is_told_once(run, override, message):
    done = run("validate", "c.yaml", override)
    assert done.exit_code == 2
    told = [line for line in done.output.splitlines() if "must" in line]
    assert len(told) == 1
    assert message.replace("text that is not empty or", "text or") in told[0] or message in told[0]


@pytest.mark.parametrize("value", ["*.csv", "*films"])
def test_a_star_without_quotes_says_to_quote_it(run, tmp_path, value):
    (tmp_path / "c.yaml").write_text(CONFIG % value)
    done = run("validate", "c.yaml")
    assert (done.exit_code, 'needs quotes, as in "*.csv"' in done.output) == (2, True)


def test_every_verb_on_data_takes_overrides(run):
    assert "3 runs" in run("validate", "c.yaml").output
    assert "7 runs" in run("validate", "c.yaml", "compare.seeds=7").output
    for verb in ("prepare", "describe"):
        assert json.loads(run("data", verb, "c.yaml", "data.level=character", "--json").output)["level"] == "character"
        assert json.loads(run("data", verb, "c.yaml", "--json").output)["level"] == "word"
    assert "data.KEY=VALUE" in run("data", "prepare", "table", "level=word").output


def test_a_tilde_is_the_home_folder(run, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run("data", "prepare", "c.yaml", "data.train=~/*.csv").exit_code == 0
