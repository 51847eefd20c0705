"""Every data section that docs/data.md shows is read as it is written there; a new row without a file here fails."""

import re

import numpy as np
import pytest
import yaml
from pydantic import TypeAdapter

from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import DataConfig
from rnnlab.data.sources.build_source import keep_files

OWN = {"text", "table", "conllu", "npz", "series"}
"""Sources of one's own files, which the test makes."""
DRAWN = {"adding", "copy_memory", "temporal_order", "parity", "agreement", "associative_recall", "mackey_glass"}
FROM = {"ptb": "ptb", "polyphonic": "polyphonic_music"}
"""Published files that stand in the shared folder."""
ELSEWHERE = {
    "wikitext2": "no file of it here",
    "cornell": "test_published.py prepares it",
    "tfds/mnist": "test_mnist.py prepares it",
    "tfds/imdb_reviews": "test_tfds.py prepares small files of its kind",
    "tfds": "NAME stands for any data set of TensorFlow Datasets",
}


@pytest.fixture(scope="module")
def sections(root) -> list[dict]:
    text = (root / "docs" / "data.md").read_text()
    drawn = [f"{{name: {name}}}" for name in re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)]
    return [yaml.safe_load(row) for row in [*re.findall(r"`(\{name: [^`]*\})`", text), *drawn]]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with the files that the rows name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RNNLAB_DATA", str(tmp_path / "data"))
    head = "TEXT,TITLE,BODY,AGE,COUNTRY,LABEL,A,B\n"
    rows = (f"film {n},a {n},so {n},{n},c{n % 3},{'yes' if n % 2 else 'no'},{n % 24},{n % 7}\n" for n in range(600))
    (tmp_path / "a.csv").write_text(head + "".join(rows))
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("one two three four\n" * 400)
    words = "".join(f"{n}\tw{n}\tw\t{'NOUN' if n % 2 else 'VERB'}\tN\t_\t0\troot\t_\t_\n" for n in (1, 2, 3))
    for name in ("train", "dev", "test"):
        (tmp_path / f"{name}.conllu").write_text((words + "\n") * 40)
    draw, labels = np.random.default_rng(0), np.arange(60) % 2
    roll = draw.integers(0, 2, (60, 4, 3))
    np.savez(tmp_path / "a.npz", X=draw.normal(size=(60, 4, 2)), TOKENS=draw.integers(0, 9, (60, 4)), Y=labels, ROLL=roll)
    return tmp_path


def read(section):
    data = build(TypeAdapter(DataConfig).validate_python(section))
    assert next(iter(data.train.batches(1, 0))).x.size


def test_every_row_is_known(sections):
    assert {section["name"] for section in sections} == OWN | DRAWN | set(FROM) | set(ELSEWHERE)
    assert len(sections) >= 22
    for section in sections:
        TypeAdapter(DataConfig).validate_python(section)


def test_rows_of_own_files(sections, place):
    for section in sections:
        if section["name"] in OWN:
            read(section)


@pytest.mark.slow
def test_rows_of_tasks_that_are_drawn(sections, place):
    for section in sections:
        if section["name"] in DRAWN:
            read(section)


@pytest.mark.slow
@pytest.mark.parametrize("name", FROM)
def test_rows_of_published_files(sections, place, shared_data, name):
    for section in sections:
        if section["name"] == name:
            keep_files(TypeAdapter(DataConfig).validate_python(section), shared_data / FROM[name])
            read(section)
