"""Tables in memory: the columns that are wanted of a file, each row with its place, for the errors that name it."""

import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnlab.data.sources import json_rows
from rnnlab.data.sources.column_names import chosen
from rnnlab.data.sources.dates import is_date
from rnnlab.data.sources.encodings import UNPACK, decoded
from rnnlab.data.sources.layout import Entry, Layout, reader_of, separator_of
from rnnlab.errors import UserError

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class Frame:
    """The wanted columns of one table."""

    path: Path
    columns: dict[str, list[Entry]]
    """Cells by column; text where the file has only text, else what JSON or Parquet holds."""
    line: Callable[[int], str]
    """From the number of a row, counted from 0, to its place in the file."""
    guessed: dict[str, str] = field(default_factory=dict)
    """Settings that were not given and had to be guessed."""
    separator: str = ","
    """The separator of two cells."""
    dated: dict[str, list[Entry]] = field(default_factory=dict)
    """Cells of the other columns that begin with a date."""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def place(self, row: int) -> str:
        """Return file and line of a row."""
        return f"{self.path}{self.line(row)}"


@dataclass(frozen=True)
class RowPlace:
    """File and line of a row, determined only when it is shown."""

    frame: Frame
    row: int

    def __str__(self) -> str:
        return self.frame.place(self.row)


def read(path: Path, columns: Sequence[str], config: Layout) -> Frame:
    """Return the columns of a table, read as its section lays it out; raise UserError with the place of what cannot be read."""
    name = ending(path)
    if name not in READERS:
        raise UserError(f"{path} is not a table: the name should end in {', '.join(READERS)}, or these and {', '.join(UNPACK)}")
    frame = READERS[name](path, list(dict.fromkeys(columns)), config)
    if not len(frame):
        raise UserError(f"{path} has no rows")
    return frame


def ending(path: Path) -> str:
    """Return the ending of a file's name that says how it is read, in small letters, without that of a packing.

    >>> ending(Path("A.B.CSV.gz"))
    '.csv'
    """
    path = Path(path.name.lower())
    return (path.with_suffix("") if path.suffix in UNPACK else path).suffix


def _csv(path: Path, columns: list[str], config: Layout) -> Frame:
    text, guessed = decoded(path, config.encoding)
    if not text.strip():
        raise UserError(f"{path} has only blank lines")
    usual = "\t" if ending(path) in (".tsv", ".tab") else ","
    text, told = _without_excel(text)
    separator = config.separator or told or separator_of(text, config, columns, usual)
    if separator != usual and not config.separator:
        guessed["separator"] = separator
    lines = _RowLines(path, text, separator, config)
    table = _table(lines)
    first = config.header == "first"
    known = [str(name).strip() for name in table.iloc[0]] if first else config.names or []
    if len(known) != table.shape[1]:
        raise UserError(f"{path} has {table.shape[1]} columns, {len(known)} are in names: ({', '.join(known)})")
    if table.shape[1] == 1 and known[0] not in columns and re.search(r"[^\w ]|  ", known[0]):
        raise UserError(f"{path}:{lines.number(0)}: one column, {known[0]!r:.60}; separator: says what stands between cells")
    where = chosen(f"{path}:{lines.number(0)}", known, columns)
    _refuse_names(path, table, known, int(first), lines)
    lines.skipped = int(first)
    cells = {name: table[at].tolist()[first:] for name, at in zip(columns, where, strict=True)}
    begins = table.iloc[int(first) : first + 1].map(is_date).any()
    dated = {name: table[at].tolist()[first:] for at, name in enumerate(known) if begins[at] and at not in where}
    return Frame(path, cells, lines, guessed, separator, dated)


def _without_excel(text: str) -> tuple[str, str | None]:
    """The text without Excel's own first line, which is no row, and the separator that this line names."""
    said = EXCEL.match(text)
    return (text[: said.start("line")] + text[said.end("line") :], said["sign"]) if said else (text, None)


def _table(lines: "_RowLines") -> "pandas.DataFrame":
    """All rows of a CSV file, as text; raise UserError with the place of what cannot be read."""
    import pandas

    config = lines.config
    try:
        return pandas.read_csv(
            io.StringIO(lines.text, newline=""),
            sep=lines.separator,
            dtype=object,
            header=None,
            index_col=False,
            keep_default_na=False,
            comment=config.comment,
            quoting=0 if config.quote else 3,
            **({"quotechar": config.quote} if config.quote else {}),
        )
    except (pandas.errors.ParserError, pandas.errors.EmptyDataError, ValueError) as error:
        raise UserError(lines.told(str(error).strip())) from None


def _refuse_names(path: Path, table: "pandas.DataFrame", known: Sequence[str], first: int, lines: "_RowLines") -> None:
    """Raise UserError where a row is the names of several columns again, as in files that were joined."""
    if len(known) == 1:
        return
    same = table[0].iloc[first:].isin([known[0], f" {known[0]}"])
    for row in same.index[same]:
        if [str(cell).strip() for cell in table.iloc[row]] == list(known):
            hint = "" if first else "; header: first reads them"
            raise UserError(f"{path}:{lines.number(row)}: the row is the names of the columns, {', '.join(known)[:60]}{hint}")


MOST_TITLES = 5
"""Most lines that people write above the names of columns."""
EXCEL = re.compile(r"(?P<line>sep=(?P<sign>.))(?=\r|\n)")
"""A first line by which Excel names the separator of two cells."""


class _RowLines:
    """The lines in which the rows of a CSV file begin, counted when the first is asked for."""

    def __init__(self, path: Path, text: str, separator: str, config: Layout):
        self.path, self.text, self.separator, self.config = path, text, separator, config
        self.skipped = 0
        self._numbers: list[int] = []

    def __call__(self, row: int) -> str:
        return f":{self.number(row + self.skipped)}"

    def number(self, row: int) -> int:
        """Return the line in which a row begins, the first that is neither blank nor a comment being row 0."""
        if not self._numbers:
            reader, before, sign = reader_of(self.text, self.separator, self.config), 0, self.config.comment
            for cells in reader:
                blank = not cells or (len(cells) == 1 and not cells[0].strip() and reader.line_num == before + 1)
                if not blank and not (sign and cells[0].startswith(sign)):
                    self._numbers.append(before + 1)
                before = reader.line_num
        return self._numbers[min(row, len(self._numbers) - 1)] if self._numbers else 1

    def told(self, message: str) -> str:
        """Return the error of pandas as one of a file and a line."""
        if wide := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", message):
            first, *others = [line for line in self.text.splitlines()[: int(wide[2]) - 1] if line.strip()]
            if wide[1] == "1" and len(others) < MOST_TITLES and self.config.header == "first":
                names = f"the first row, {first[:60]!r}, names one column; names come first, comment: leaves lines out"
                return f"{self.path}:{wide[2]}: {wide[3]} cells, but {names}"
            escaped = '\\"' in self.text.splitlines()[int(wide[2]) - 1]
            hint = (
                'a quote inside a cell is written "", not \\"' if escaped else "a cell that contains the separator needs quotes"
            )
            return f"{self.path}:{wide[2]}: {wide[3]} cells under {wide[1]} columns; {hint}"
        if begun := re.search(r"EOF inside string starting at row (\d+)", message):
            return f"{self.path}:{self.number(int(begun[1]))} is not valid CSV: a quote that begins there never ends"
        return f"{self.path} is not valid CSV: {message}"


def _jsonl(path: Path, columns: list[str], config: Layout) -> Frame:
    text, guessed = decoded(path, config.encoding)
    records, places = [], []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            records.append(json_rows.parsed(f"{path}:{number}", line))
            places.append(f":{number}")
    return _records(path, records, places.__getitem__, columns, guessed)


def _json(path: Path, columns: list[str], config: Layout) -> Frame:
    text, guessed = decoded(path, config.encoding)
    if text.lstrip().startswith("{") and "\n" in text.strip():
        try:
            json.loads(text)
        except ValueError:
            return _jsonl(path, columns, config)
    return _records(path, json_rows.whole(path, text, columns), lambda row: f": row {row + 1}", columns, guessed)


def _records(
    path: Path, records: Sequence[Any], line: Callable[[int], str], columns: list[str], guessed: dict[str, str]
) -> Frame:
    if not records:
        raise UserError(f"{path} has no rows")
    known: dict[str, None] = {}
    for row, record in enumerate(records):
        if not isinstance(record, dict):
            hint = "; one document is a .json file" if isinstance(record, list) and ending(path) != ".json" else ""
            raise UserError(f"{path}{line(row)}: a row should be a mapping, got {json.dumps(record)[:60]}{hint}")
        known.update(dict.fromkeys(record))
    names = list(known)
    own = [names[at] for at in chosen(f"{path}{line(0)}", names, columns)]
    cells = {column: [record.get(name) for record in records] for column, name in zip(columns, own, strict=True)}
    others = [name for name, cell in records[0].items() if is_date(cell) and name not in own]
    return Frame(path, cells, line, guessed, dated={name: [record.get(name) for record in records] for name in others})


def _parquet(path: Path, columns: list[str], config: Layout) -> Frame:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise UserError(f"{path}: Parquet files need the package pyarrow: pip install 'rnnlab[parquet]'") from None
    try:
        file = parquet.ParquetFile(path)
        names = file.schema_arrow.names
        own = [names[at] for at in chosen(str(path), names, columns)]
        first = [row for batch in islice(file.iter_batches(1), 1) for row in batch.to_pylist()]
        others = [name for row in first for name, cell in row.items() if is_date(cell) and name not in own]
        table = file.read(columns=[*own, *others])
    except (ArrowException, OSError) as error:
        raise UserError(f"{path} is not a complete Parquet file: {error}") from None
    cells = {column: table.column(name).to_pylist() for column, name in zip(columns, own, strict=True)}
    return Frame(path, cells, lambda row: f": row {row + 1}", dated={name: table.column(name).to_pylist() for name in others})


READERS: dict[str, Callable[[Path, list[str], Layout], Frame]] = {
    **dict.fromkeys((".csv", ".tsv", ".tab", ".txt"), _csv),
    **dict.fromkeys((".jsonl", ".ndjson"), _jsonl),
    ".json": _json,
    **dict.fromkeys((".parquet", ".pq"), _parquet),
}
"""The reader of a table, by suffix."""
