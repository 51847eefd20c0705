"""Cells become numbers; an error names the place of the first cell that is not a number, is missing, or is too large."""

import re
from collections.abc import Collection, Sequence

import numpy as np

from rnnlab.data.sources.frames import Frame
from rnnlab.data.sources.layout import Entry, Layout
from rnnlab.errors import UserError

LARGEST = float(np.finfo(np.float32).max)
"""The largest number that a model reads."""
LARGEST_TARGET = 1e18
"""The largest number that a model predicts as it is: squares of errors and their sums fit into 32 bits."""
_WRITTEN = re.compile(r"[\s\d.,'\u2019+-]+")
_BEGINS = re.compile(r"^\s*[+-]?[.,]?\d")
"""How a number begins."""
_BLANK = re.compile(r"[ \u00a0\u2009\u202f]")
"""What is written as a blank between thousands: plain, unbroken, thin, and both."""
_COMMA = re.compile(r"\s*[+-]?\d+(,\d+)?([eE][+-]?\d+)?\s*")


def missing(cell: Entry, words: Collection[str]) -> bool:
    """Return whether a cell has no value: null, NaN, or one of the words for it, with or without blanks around it."""
    if isinstance(cell, str):
        return cell in words or cell.strip() in words
    return cell is None or (isinstance(cell, float) and cell != cell)


def numbers(frame: Frame, column: str, config: Layout) -> np.ndarray:
    """Return the numbers of a column, float64, NaN where one is missing.

    Raises UserError with the place of the first cell that is no number, is not finite, or does not fit into 32 bits.
    """
    import pandas

    cells = frame.columns[column]
    words = set(config.missing_values)
    gaps = np.fromiter((missing(cell, words) for cell in cells), bool, len(cells))
    if all(isinstance(cell, str) for cell in cells):
        plain = _plain(cells, gaps, frame, column, config)
        values = pandas.to_numeric(pandas.Series(plain, dtype=object), errors="coerce").to_numpy(np.float64, na_value=np.nan)
    else:
        values = np.array([_number(cell) for cell in cells], np.float64)
    values = np.where(gaps, np.nan, values)
    _check(values, gaps, cells, frame, column)
    return values


def numbers_or_names(frame: Frame, column: str, config: Layout) -> np.ndarray | list[str | None]:
    """Return a column as numbers, or, where no cell is written as a number, as a list of names with None for missing ones."""
    words = set(config.missing_values)
    names = [None if missing(cell, words) else cell for cell in frame.columns[column]]
    given = [cell for cell in names if cell is not None]
    if given and all(isinstance(cell, bool) or (isinstance(cell, str) and not _BEGINS.search(cell)) for cell in given):
        return names
    return numbers(frame, column, config)


def _number(cell: Entry) -> float:
    if isinstance(cell, bool | int | float):
        return float(cell) if abs(cell) <= LARGEST else np.inf if cell == cell else np.nan
    if hasattr(cell, "__float__") and not isinstance(cell, str):  # a decimal of Parquet
        return float(cell)
    try:
        return float(cell) if isinstance(cell, str) and "_" not in cell else np.nan
    except ValueError:
        return np.nan


def _plain(cells: Sequence[str], gaps: np.ndarray, frame: Frame, column: str, config: Layout) -> list[str]:
    """The cells with a decimal point and no thousands separator."""
    between = config.thousands
    if between and between.isspace():
        cells = [_BLANK.sub(between, cell.strip()) for cell in cells]
    bare = [cell.replace(between, "") for cell in cells] if between else cells
    decimal = config.decimal or ("." if between == "," else _decimal(bare, gaps, frame, column))
    swaps = {between: "", decimal: "."} if between else {decimal: "."}
    if between:
        _check_groups(cells, gaps, frame, column, between, decimal)
    if any("\u2212" in cell for cell in cells):  # the minus sign of typesetters
        swaps["\u2212"] = "-"
    if swaps == {".": "."}:
        return list(cells)
    table = str.maketrans({sign: swap for sign, swap in swaps.items() if sign} | ({} if decimal == "." else _point(config)))
    return [cell.translate(table) for cell in cells]


def _check_groups(cells: Sequence[str], gaps: np.ndarray, frame: Frame, column: str, thousands: str, decimal: str) -> None:
    """Raise UserError where a sign of thousands does not stand before three digits: 1,50 is no 150."""
    whole = re.compile(rf"{re.escape(thousands)}\d{{3}}\s*($|{re.escape(decimal)}|[eE])")
    for row, cell in enumerate(cells):
        if thousands in cell.strip() and not gaps[row] and not whole.search(cell):
            sign = f"{thousands!r} stands between thousands, before three digits"
            raise UserError(f"{frame.place(row)}: the column {column!r} should be a number, got {cell!r:.60}; {sign}")


def _point(config: Layout) -> dict[str, str]:
    """Under a decimal comma, a point is no part of a number unless it separates thousands."""
    return {} if config.thousands == "." else {".": "?"}


def _decimal(cells: Sequence[str], gaps: np.ndarray, frame: Frame, column: str) -> str:
    """The decimal sign: a comma where some numbers of a column have one and all fit it; a point in files split at commas."""
    given = [cell for cell, gap in zip(cells, gaps, strict=True) if not gap]
    if frame.separator == "," or not any("," in cell for cell in given):
        return "."
    if all(map(_COMMA.fullmatch, given)):
        frame.guessed[f"decimal of {column}"] = ","
        return ","
    return "."


def _check(values: np.ndarray, gaps: np.ndarray, cells: Sequence[Entry], frame: Frame, column: str) -> None:
    wrong = np.flatnonzero(~gaps & ~(np.abs(values) <= LARGEST))
    if len(wrong):
        row = int(wrong[0])
        cell, more = cells[row], f" ({len(wrong)} such rows in all)" if len(wrong) > 1 else ""
        place = f"{frame.place(row)}: the column {column!r}"
        written = isinstance(cell, str) and _WRITTEN.fullmatch(cell)
        hint = "; decimal: and thousands: say how numbers are written" if written else ""
        if isinstance(cell, str) and not re.search(r"\w", cell):
            hint = f"; if that stands for a missing value, name it in missing_values: [{cell.strip()!r}]"
        if np.isnan(values[row]):
            raise UserError(f"{place} should be a number, got {cell!r:.60}{hint}{more}")
        if _infinite(cell):
            raise UserError(f"{place} should be finite, got {cell!r}{more}")
        raise UserError(f"{place} should be a number up to {LARGEST:.4g} (32 bits), got {cell!r:.60}{more}")


def _infinite(cell: Entry) -> bool:
    return "inf" in str(cell).lower()
