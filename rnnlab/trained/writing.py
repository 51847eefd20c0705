"""Rows into a CSV, JSON Lines or Parquet file, piece by piece; the file appears complete or not at all."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnlab import files
from rnnlab.documents import Record
from rnnlab.errors import UserError

if TYPE_CHECKING:
    import pyarrow

PIECE = 2048
"""Rows that are held at a time."""

PredictionRow = Record


def write(path: Path, rows: Iterable[PredictionRow]) -> int:
    """Write the rows and return how many; the file's suffix selects the format. Raises UserError for any other suffix."""
    writer = writer_of(path)
    partial = files.partial_of(path)
    with files.told(path):
        try:
            count = writer(partial, iter(rows))
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    return count


def writer_of(path: Path) -> Callable[[Path, Iterator[PredictionRow]], int]:
    """Return the writer for a file's suffix; raise UserError where the suffix is unknown, or the folder is missing."""
    if path.suffix.lower() not in WRITERS:
        raise UserError(f"{path}: the name of the output should end in {', '.join(WRITERS)}")
    if not path.parent.is_dir():
        raise UserError(f"{path}: there is no folder {path.parent}")
    return WRITERS[path.suffix.lower()]


def _begun(rows: Iterator[PredictionRow]) -> tuple[list[str], Iterator[PredictionRow]]:
    """The columns, from the rows up to the first that is not only a note, and all rows."""
    first: list[PredictionRow] = []
    for row in rows:
        first.append(row)
        if "note" not in row:
            break
    columns = dict.fromkeys(name for row in first for name in row if name != "note")
    return [*columns, "note"], chain(first, rows)


def _csv(path: Path, rows: Iterator[PredictionRow]) -> int:
    columns, rows = _begun(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        return sum(bool(writer.writerow(row)) for row in rows)


def _jsonl(path: Path, rows: Iterator[PredictionRow]) -> int:
    with path.open("w", encoding="utf-8") as file:
        return sum(bool(file.write(json.dumps(row, ensure_ascii=False) + "\n")) for row in rows)


def _parquet(path: Path, rows: Iterator[PredictionRow]) -> int:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise UserError(f"{path}: Parquet files need the package pyarrow: pip install 'rnnlab[parquet]'") from None
    columns, rows = _begun(rows)
    count, schema = 0, None
    writer: Any = None
    try:
        while (piece := list(islice(rows, PIECE))) or writer is None:
            whole = [{name: row.get(name) for name in columns} for row in piece]
            if schema is None:
                schema = _schema(columns, whole)
                writer = parquet.ParquetWriter(path, schema)
            writer.write_table(pyarrow.Table.from_pylist(whole, schema))
            count += len(piece)
    finally:
        if writer:
            writer.close()
    return count


def _schema(columns: list[str], rows: list[PredictionRow]) -> "pyarrow.Schema":
    """The type of each column, by its first value: whole numbers, numbers, or text."""
    import pyarrow

    def kind(name: str) -> pyarrow.DataType:
        value = next((row[name] for row in rows if row[name] is not None), "")
        return {int: pyarrow.int64(), float: pyarrow.float64(), bool: pyarrow.bool_()}.get(type(value), pyarrow.string())

    return pyarrow.schema([(name, kind(name)) for name in columns])


WRITERS = {".csv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}
"""The writers by file suffix."""
