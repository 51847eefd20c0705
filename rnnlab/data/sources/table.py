"""CSV, JSON Lines and Parquet with named columns."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import model_validator

from rnnlab.data.sources.holdout import held_out
from rnnlab.data.sources.reading import Reading, Row, found, lines
from rnnlab.data.sources.source_config import Files, Fraction, Lengths, Tokens
from rnnlab.errors import UserError
from rnnlab.names import nearest
from rnnlab.section import conflict


class Table(Tokens):
    """Texts with a label each (classification) or a number each (regression), from CSV, JSON Lines or Parquet files."""

    name: Literal["table"]
    """The name of the data set."""
    train: Files
    """Files that end in .csv, .tsv, .jsonl or .parquet."""
    validation: Files | Fraction = 0.1
    """The files, or the fraction of the training rows, drawn by `split_seed`."""
    test: Files | Fraction = 0.1
    """The files, or the fraction of the training rows, drawn by `split_seed`."""
    text: str
    """The column of the text."""
    label: str | None = None
    """The column of the label, for classification."""
    value: str | list[str] | None = None
    """The column or columns of the number, for regression."""
    split_seed: int = 0
    """Decides which rows are held out."""
    lengths: Lengths = Lengths()
    """What happens to long texts."""

    @property
    def tokens(self) -> bool:
        """Texts are read as tokens."""
        return True

    @property
    def task(self) -> str:
        """The kind of task: a key of `rnnlab.data.task.KINDS`."""
        return "classification" if self.label else "regression"

    @model_validator(mode="after")
    def _one_target(self) -> "Table":
        if (self.label is None) == (self.value is None):
            raise conflict(("label",), "name either a column of labels (label:) or of numbers (value:)", self.label)
        return self


def read(config: Table) -> Reading:
    """Return the rows of each split."""
    target = config.label or config.value
    columns = [config.text, *([target] if isinstance(target, str) else target or [])]

    def rows(files: Files) -> Callable[[], Iterable[Row]]:
        return partial(_rows, found(files), columns, isinstance(target, list))

    own = {name: getattr(config, name) for name in ("validation", "test")}
    fractions = {name: part for name, part in own.items() if isinstance(part, float)}
    train = rows(config.train)
    splits = held_out(train, fractions, config.split_seed) if fractions else {"train": train}
    return Reading({**splits, **{name: rows(part) for name, part in own.items() if name not in fractions}})


def _rows(paths: list[Path], columns: list[str], several: bool) -> Iterator[Row]:
    for path in paths:
        for place, record in records(path):
            text, *targets = cells(place, record, columns)
            if not isinstance(text, str):
                raise UserError(f"{place}: the column {columns[0]!r} should be text, got {text!r}")
            yield Row(text, targets if several else targets[0], place)


def cells(place: str, record: dict[str, Any], columns: list[str]) -> list[Any]:
    """Return what a row has in these columns; raise UserError where it lacks one."""
    for column in columns:
        if column not in record:
            known = ", ".join(map(str, record))
            raise UserError(f"{place}: there is no column {column!r}{nearest(column, record)}; the columns are {known}")
        if record[column] is None:
            raise UserError(f"{place}: the column {column!r} has no value")
    return [record[column] for column in columns]


def records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of a table as mappings, each with its place; raise UserError at what cannot be read."""
    readers = {".csv": _csv, ".tsv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}
    if path.suffix not in readers:
        raise UserError(f"{path} is no table: the name should end in {', '.join(readers)}")
    return readers[path.suffix](path)


def _csv(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    reader = csv.reader((line for _, line in lines(path)), delimiter="\t" if path.suffix == ".tsv" else ",", strict=True)
    try:
        header = next(reader)
        for cells in reader:
            place = f"{path}:{reader.line_num}"
            if len(cells) != len(header):
                raise UserError(f"{place}: {len(cells)} cells under {len(header)} columns")
            yield place, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise UserError(f"{path}:{reader.line_num} is no CSV: {error}") from None


def _jsonl(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in lines(path):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UserError(f"{path}:{number} is no JSON: {error}") from None
        if not isinstance(record, dict):
            raise UserError(f"{path}:{number}: a row should be a mapping, got {line.strip()[:60]}")
        yield f"{path}:{number}", record


def _parquet(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise UserError(f"{path}: Parquet files need the package pyarrow: pip install 'rnnlab[parquet]'") from None
    number = 0
    try:
        for batch in parquet.ParquetFile(path).iter_batches():
            for record in batch.to_pylist():
                number += 1
                yield f"{path}: row {number}", record
    except ArrowException as error:
        raise UserError(f"{path} is no whole Parquet file: {error}") from None
