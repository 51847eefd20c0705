"""Every source of one's own files: every key with every type of value it allows, and every verb, on tiny files."""

import csv
from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

import numpy as np
import pytest
from click.testing import CliRunner
from data.source_keys import BASES, KEYS, SOURCES
from pydantic import TypeAdapter

from rnnlab.cli import main
from rnnlab.config import dump
from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import DataConfig
from rnnlab.data.describe import describe
from rnnlab.data.sources.build_source import prepared_for
from rnnlab.report import html
from rnnlab.section import Section


def kinds(annotation):
    """What types of values a key allows, words of a choice one by one."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return kinds(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return {kind for option in get_args(annotation) for kind in kinds(option)}
    if origin is Literal:
        return set(get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return {dict}
    return {origin or annotation}


@pytest.mark.parametrize("name", SOURCES)
def test_every_key_and_every_type_of_value_has_a_row(name):
    fields = {key: field for key, field in SOURCES[name].model_fields.items() if key != "name"}
    assert set(KEYS[name]) == set(fields)
    for key, field in fields.items():
        values = [row[key] for row in KEYS[name][key]]
        for kind in kinds(field.annotation):
            assert any(type(value) is kind if isinstance(kind, type) else value == kind for value in values), (key, kind)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with one file of every kind, and a data folder of its own."""
    import gzip
    import json

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RNNLAB_DATA", str(tmp_path / "data"))
    head = ["text", "mood", "heat", "more", "by"]
    rows = [
        [f"film {n} was {'good' if n % 3 else 'bad'}", "up" if n % 3 else "down", n / 4, n % 5, f"p{n % 8}"] for n in range(80)
    ]
    table = "".join(",".join(map(str, row)) + "\n" for row in rows)
    for file in ("a.csv", "a.CSV"):
        (tmp_path / file).write_text(",".join(head) + "\n" + table)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress((tmp_path / "a.csv").read_bytes()))
    (tmp_path / "a.tsv").write_text((tmp_path / "a.csv").read_text().replace(",", "\t"))
    (tmp_path / "bare.csv").write_text(table)
    (tmp_path / "semicolon.csv").write_text((tmp_path / "a.csv").read_text().replace(",", ";").replace(".", ","))
    (tmp_path / "gaps.csv").write_text(",".join(head) + "\n" + table + ",,,1,p0\n" + table)
    records = [dict(zip(head, row, strict=True)) for row in rows]
    (tmp_path / "a.json").write_text(json.dumps(records))
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    (tmp_path / "a.txt").write_text("".join(f"{row[0]} and so on\n" for row in rows))
    days = np.datetime64("2024-01-01") + np.arange(200)
    series = "".join(f"{day},{n % 12},{n % 7},p0\n" for n, day in enumerate(days))
    (tmp_path / "s.csv").write_text("day,heat,more,by\n" + series)
    np.savez(tmp_path / "s.npz", heat=np.arange(200.0) % 12, more=np.arange(200.0) % 7)
    cells = [f"{n}\tw{n}\tw\tNOUN\tNN\t_\t0\troot\t_\t_" for n in (1, 2, 3)]
    verbs = [line.replace("NOUN\tNN", "VERB\tVB").replace("root", "obj") for line in cells]
    (tmp_path / "a.conllu").write_text("\n".join([*cells, "", *verbs, ""]) + "\n" + "\n".join([*cells, "", ""]))
    draw = np.random.default_rng(0)
    arrays = {"x": draw.normal(size=(80, 4, 2)), "sizes": draw.integers(1, 5, 80), "heat": np.arange(80.0)}
    named = {"mood": np.array(["down", "up"])[np.arange(80) % 2], "tag": draw.integers(0, 2, (80, 4))}
    arrays["ids"] = draw.integers(0, 9, (80, 4))
    np.savez(tmp_path / "a.npz", **arrays, **named, roll=draw.integers(0, 2, (80, 4, 3)))
    return tmp_path


ROWS = [(name, row) for name, keys in KEYS.items() for rows in keys.values() for row in rows]


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[f"{name}-{row}" for name, row in ROWS])
def test_every_row_is_prepared_described_and_built(place, name, row):
    if row.get("level") == "subword":
        pytest.importorskip("tokenizers")
    config = TypeAdapter(DataConfig).validate_python({"name": name, **BASES[name], **row})
    told = describe(prepared_for(config))
    data = build(config)
    assert all(told["splits"][split]["steps"] for split in ("train", "validation", "test"))
    assert len({hash(config), hash(config.model_copy())}) == 1
    assert next(iter(data.train.batches(1, 0))).x.size


PREDICT = {"text": ["--text", "film 3"], "table": ["--text", "film 3"], "conllu": ["--text", "w1 w2"]}
FILE = {"npz": ["--file", "a.npz"], "series": ["--file", "s.csv"]}


MORE = {
    "columns beside a text": {"name": "table", **BASES["table"], "text": ["text", "by"], "beside": ["heat", "by"]},
    "tokens of arrays": {"name": "npz", **BASES["npz"], "read_as": "tokens", "input": "ids"},
}
"""What is read otherwise than by the least that its source needs."""


@pytest.mark.slow
@pytest.mark.usefixtures("lasting_models")
@pytest.mark.parametrize("which", [*SOURCES, *MORE])
def test_every_verb_runs_on_every_source(place, which, monkeypatch):
    data = MORE.get(which) or {"name": which, **BASES[which]}
    name, tokens = data["name"], TypeAdapter(DataConfig).validate_python(data).tokens
    model = {"recurrent": [{"cell": "lstm", "units": 3}], **({"embedding": {"width": 3}} if tokens else {})}
    config = {"name": "x", "data": data, "model": model, "training": {"epochs": 1, "keep": "resumable"}}
    config |= {
        "executor": {"name": "in_process"},
        "compare": {"seeds": 1, "variants": {"a": {}, "b": {"recurrent_dropout": 0.2}}},
    }
    (place / "c.yaml").write_text(dump(config))
    run = "runs/x/a/seed-1"
    verbs = [["validate", "c.yaml"], ["data", "prepare", "c.yaml"], ["data", "describe", "c.yaml"], ["plan", "c.yaml"]]
    verbs += [["run", "c.yaml"], ["compare", "runs/x"], ["report", "runs/x"], ["inspect", run]]
    verbs += [["predict", run, *(["--file", "a.csv"] if "beside" in data else (PREDICT | FILE)[name])], ["verify", run]]
    for verb in verbs:
        with monkeypatch.context() as patch:
            if verb[0] != "report":  # which draws the pictures once more
                patch.setattr(html, "pictures", lambda *what: [])
            done = CliRunner().invoke(main, verb)
        assert done.exit_code == 0, (verb, done.output, done.exception)
    if "beside" in data:
        (place / "odd.csv").write_text("text,heat,by\nfilm 3,1,nobody\n,2,\n")
        done = CliRunner().invoke(main, ["predict", run, "--file", "odd.csv", "--output", "out.csv"])
        assert done.exit_code == 0, done.output
        unknown, empty = (row["note"] for row in csv.DictReader((place / "out.csv").open(newline="")))
        assert unknown == "not in the training data, read as none: by=nobody"
        assert empty == "no tokens: nothing to predict from"
