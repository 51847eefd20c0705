"""Dates and times as text, where 01/02/2024 may be the first of February or the second of January."""

import re
import warnings
from collections.abc import Callable, Sequence
from datetime import date

import numpy as np

from rnnlab.data.sources.layout import Entry
from rnnlab.documents import Record
from rnnlab.errors import UserError

_DAY_AND_MONTH = re.compile(r"\s*(\d{1,2})([./-])(\d{1,2})\2\d{2,4}")
"""A date that begins with the day or with the month."""
_YEAR = re.compile(r"\s*\d{4}([-/.])\d{1,2}\1\d{1,2}")
"""A date that begins with the year."""
FAR = re.compile(r"\s*(0\d{3}|1[0-6]\d\d|2[2-9]\d\d|[3-9]\d{3})(\D.*)?")
"""The beginning of a time outside the range of nanoseconds."""
FIRST, LAST = np.datetime64("1678-01-01", "s"), np.datetime64("2262-01-01", "s")
"""The range of times that nanoseconds can count."""
WAYS: tuple[Record, ...] = ({}, {"format": "mixed"}, {"format": "mixed", "utc": True})
"""The settings tried with pandas, in turn: all times alike, of several formats, of several zones."""


def is_date(cell: Entry) -> bool:
    """Return whether a cell is a date or begins as one does.

    >>> [is_date(cell) for cell in ("2024-01-31T13:00", "31.01.24", date(2024, 1, 31), "1.2.3.4", "12")]
    [True, True, True, False, False]
    """
    return isinstance(cell, date) or bool(isinstance(cell, str) and (_YEAR.match(cell) or _DAY_AND_MONTH.match(cell)))


def readings(cells: Sequence[Entry], place: Callable[[int], str] = str) -> list[bool]:
    """Return whether dates may begin with the day: one answer, both where nothing tells, or none where it makes no difference.

    Raises UserError where some begin with the day and others with the month.

    >>> readings(["31/01/2024"]), readings(["01/02/2024"]), readings(["01.02.2024"]), readings(["2024-02-01"])
    ([True], [False, True], [True], [])
    """
    matches = _matches(cells)
    days, months = _telling(matches, True), _telling(matches, False)
    if days is not None and months is not None:
        raise UserError(
            f"{place(days)}: {cells[days]!r} begins with the day, and {cells[months]!r} at {place(months)} with the month"
        )
    if days is not None or months is not None:
        return [days is not None]
    if any(match[2] == "." for _, match in matches):
        return [True]
    return [False, True] if any(int(match[1]) != int(match[3]) for _, match in matches) else []


def check(cells: Sequence[Entry], day_first: bool, place: Callable[[int], str] = str) -> None:
    """Raise UserError where a date cannot begin as `day_first` says.

    >>> check(["01/02/2024", "31/01/2024"], day_first=True)
    """
    row = _telling(_matches(cells), not day_first)
    if row is not None:
        read, other = ("day", "month") if day_first else ("month", "day")
        wanted = f"dates are read with the {read} first (day_first: {str(day_first).lower()})"
        raise UserError(f"{place(row)}: {cells[row]!r} begins with the {other}, and {wanted}")


def _matches(cells: Sequence[Entry]) -> list[tuple[int, re.Match[str]]]:
    """The rows with dates that begin with the day or with the month."""
    return [(row, match) for row, cell in enumerate(cells) if (match := _DAY_AND_MONTH.match(str(cell)))]


def _telling(matches: list[tuple[int, re.Match[str]]], day_first: bool) -> int | None:
    """The first row whose date can begin with the day alone, or with the month alone, since the day is greater than 12."""
    return next((row for row, match in matches if int(match[1 if day_first else 3]) > 12), None)


def read(cells: Sequence[Entry], day_first: bool) -> np.ndarray:
    """Return times as datetime64[ns], those with a zone in UTC; NaT where a cell is none.

    >>> read(["2024-02-01", "01.02.2024"], day_first=True).astype("datetime64[D]").astype(str).tolist()
    ['2024-02-01', '2024-02-01']
    """
    own = np.array([bool(_DAY_AND_MONTH.match(str(cell))) for cell in cells], bool)
    times = np.full(len(cells), np.datetime64("NaT"), "datetime64[ns]")
    for rows, settings in ((np.flatnonzero(own), {"dayfirst": day_first}), (np.flatnonzero(~own), {})):
        if len(rows):  # pandas would read the day of 2024-02-01 first too
            times[rows] = _parsed([cells[row] for row in rows.tolist()], settings)
    return times


def _parsed(cells: list[Entry], settings: Record) -> np.ndarray:
    import pandas

    texts = pandas.Series(cells, dtype=object)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas warns about every format that it had to guess
        for way in WAYS:
            try:
                times = pandas.to_datetime(texts, errors="coerce", **settings, **way)
            except (ValueError, TypeError):
                continue
            if not times.isna().any():
                break
    if getattr(times.dt, "tz", None) is not None:
        times = times.dt.tz_convert("UTC").dt.tz_localize(None)
    read = times.to_numpy()
    return np.where((read >= FIRST) & (read < LAST), read, np.datetime64("NaT")).astype("datetime64[ns]")


def guess(cells: Sequence[Entry], times: np.ndarray) -> bool | None:
    """Return whether dates that could begin with either were read as beginning with the day; None where nothing was guessed.

    >>> guess(["01/02/2024"], np.array(["2024-02-01"], "datetime64[ns]")), guess(["31/01/2024"], np.zeros(1))
    (True, None)
    """
    if len(readings(cells)) < 2:
        return None
    row, match = next((row, match) for row, match in _matches(cells) if int(match[1]) != int(match[3]))
    return bool(int(str(times[row])[5:7]) == int(match[3]))
