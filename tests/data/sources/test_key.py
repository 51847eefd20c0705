"""Prepared arrays are those of the bytes of their files, wherever these lie and however their paths are spelt."""

from pathlib import Path
from typing import Any

import pytest

from rnnlab.data.sources.build_source import is_prepared, prepared_for
from rnnlab.data.sources.table import Table

ROWS = "".join(f"film number {number},{'pos' if number % 2 else 'neg'}\n" for number in range(60))


def table(train: Any, **settings: Any) -> Table:
    return Table(name="table", train=train, text="text", label="label", **settings)


@pytest.fixture
def files(home: Path) -> Path:
    for name, rows in (("a", ROWS), ("b", ROWS.replace("film", "play")), ("same", ROWS)):
        (home / f"{name}.csv").write_text(f"text,label\n{rows}")
    return home


def test_a_path_spelt_otherwise_is_the_same_data(files: Path) -> None:
    folder = prepared_for(table("a.csv")).folder
    for spelling in ("./a.csv", str(files / "a.csv"), "[a].csv", ["a.csv"], "same.csv"):
        assert is_prepared(table(spelling)), spelling
        assert prepared_for(table(spelling)).folder == folder


def test_other_bytes_or_another_share_of_the_files_are_other_data(files: Path) -> None:
    prepared_for(table("a.csv", validation="b.csv", test="same.csv"))
    assert not is_prepared(table("b.csv", validation="a.csv", test="same.csv"))
    assert not is_prepared(table(["a.csv", "b.csv"], test="same.csv"))
    (files / "b.csv").write_text((files / "b.csv").read_text().replace("play", "game"))
    assert not is_prepared(table("a.csv", validation="b.csv", test="same.csv"))


def test_the_ending_of_a_name_says_how_it_is_read(files: Path) -> None:
    prepared_for(table("a.csv"))
    (files / "a.tsv").write_bytes((files / "a.csv").read_bytes())
    assert not is_prepared(table("a.tsv"))
