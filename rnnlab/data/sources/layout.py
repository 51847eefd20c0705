"""The layout of a table: the settings of its section, and the guesses in place of missing ones."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, Protocol, Self, TypeAlias

from pydantic import BeforeValidator, Field, field_validator, model_validator

from rnnlab.data.sources.encodings import known_encoding
from rnnlab.data.sources.source_config import Source
from rnnlab.section import conflict

MISSING = ("", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "NAN", "-NaN", "-nan", "null", "NULL", "Null", "None")
"""Spellings of a missing value where a section lists none."""
SEPARATORS = (",", ";", "\t", "|")
"""The separators that are tried, the likeliest first."""
SAMPLE = 65_536
"""Characters of a file that a guess is made from."""


Entry: TypeAlias = Any
"""A cell of a table: text, or what JSON and Parquet hold."""


class CsvReader(Protocol):
    """Python's own reader of CSV."""

    @property
    def line_num(self) -> int:
        """The number of lines read."""

    def __iter__(self) -> Iterator[list[str]]: ...
    def __next__(self) -> list[str]: ...


Sign = Annotated[str, Field(min_length=1, max_length=1)]
"""One character."""
TABS = {"\\t": "\t", "tab": "\t"}
"""How people write a tab where a quote in YAML leaves it as it is."""


class Layout(Source):
    """Settings of whatever is read from tables: CSV and its kin, JSON, JSON Lines, Parquet."""

    separator: Annotated[Sign, BeforeValidator(lambda sign: TABS.get(str(sign), sign))] | None = None
    """CSV: what stands between two cells, `tab` for a tab; null guesses among comma, semicolon, tab and bar."""
    encoding: str | None = None
    """CSV and JSON: how the file is encoded; null takes UTF-8, or UTF-16 where the file begins like it."""
    decimal: Literal[".", ","] | None = None
    """Numbers: what stands before the fraction; null takes a point, or a comma where all numbers of a column fit only that."""
    thousands: Sign | None = None
    """Numbers: what stands between thousands, such as a comma, a point or a blank."""
    header: Literal["first", "none"] = "first"
    """CSV: whether the first row names the columns, or there are no names, and `names` gives them."""
    names: Annotated[list[str], Field(min_length=1)] | None = None
    """CSV without a header: the names of its columns, from left to right."""
    quote: Sign | None = '"'
    """CSV: what stands around a cell that holds separators or line ends; null where quotes are ordinary characters."""
    comment: Sign | None = None
    """CSV: the sign after which the rest of a line is a comment; null where there are none."""
    missing_values: list[str] = Field(default_factory=lambda: list(MISSING))
    """Spellings of a missing value, in addition to null in JSON and Parquet."""

    @field_validator("encoding")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        if name is not None:
            known_encoding(name)
        return name

    @model_validator(mode="after")
    def _names_or_header(self) -> Self:
        if (self.header == "none") != (self.names is not None):
            raise conflict(
                ("names",), "header: none and names: [...] go together: one says that a file has no names", self.names
            )
        if self.thousands and self.thousands == (self.decimal or "."):
            raise conflict(
                ("thousands",), "the same sign cannot stand before the fraction and between thousands", self.thousands
            )
        return self


def separator_of(text: str, config: Layout, wanted: Iterable[str], usual: str = ",") -> str:
    """Return the separator of a text: the one with the most wanted columns, then the most columns in every row."""
    scores = {sign: _score(text[:SAMPLE], sign, config, set(wanted)) for sign in dict.fromkeys((usual, *SEPARATORS))}
    return max(scores, key=scores.__getitem__)


def _score(text: str, separator: str, config: Layout, wanted: set[str]) -> tuple[int, int]:
    """The number of wanted columns under a separator, then of columns in every row; the last row may be cut off."""
    whole = text[: text.rfind("\n")] if len(text) == SAMPLE and "\n" in text else text
    rows = [row for row in rows_of(whole, separator, config) if row]
    if not rows:
        return 0, 0
    header = config.names if config.names and len(config.names) == len(rows[0]) else rows[0]
    widths = {len(row) for row in rows}
    return len(wanted & {name.strip() for name in header}), min(widths) if len(widths) == 1 else 1


def rows_of(text: str, separator: str, config: Layout) -> Iterable[list[str]]:
    """Return the rows of a text, empty ones for blank lines and comments; a field that no quote ends is one row."""
    reader = reader_of(text, separator, config)
    try:
        return [_cells(row, config.comment) for row in reader]
    except csv.Error:
        return []


def reader_of(text: str, separator: str, config: Layout) -> CsvReader:
    """Return Python's own reader of a text, which knows the line that each row ends in."""
    csv.field_size_limit(2**31 - 1)
    lines = io.StringIO(text, newline="")
    if config.quote:
        return csv.reader(lines, delimiter=separator, quotechar=config.quote)
    return csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_NONE)


def _cells(row: list[str], comment: str | None) -> list[str]:
    blank = len(row) <= 1 and not "".join(row).strip()
    return [] if blank or (comment and row[0].startswith(comment)) else row
