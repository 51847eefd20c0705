"""Times of a series: parsed, sorted, checked for gaps and repeats, continued, and turned into calendar features."""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.data.sources import dates
from rnnlab.data.sources.encoders import PlaceOf
from rnnlab.data.sources.layout import Entry
from rnnlab.errors import UserError

if TYPE_CHECKING:
    import pandas

CYCLES: dict[str, Callable[["pandas.DatetimeIndex"], ArrayLike]] = {
    "minute": lambda t: t.minute / 60,
    "hour": lambda t: (t.hour + t.minute / 60) / 24,
    "weekday": lambda t: t.day_of_week / 7,
    "day": lambda t: (t.day - 1) / 31,
    "month": lambda t: (t.month - 1) / 12,
    "yearday": lambda t: (t.day_of_year - 1) / 365.25,
}
"""The phase of a time in each cycle of the calendar, from 0 to 1."""
HOUR = re.compile(r"\s*\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*([ap]\.?m\.?)?\s*", re.IGNORECASE)
"""A time of day without a date."""
LENGTHS = {"second": "s", "minute": "min", "hour": "h", "day": "D", "week": "W", "month": "MS", "quarter": "QS", "year": "YS"}
"""Lengths of time as people write them, and as pandas does."""
MOST_STEPS = 100_000_000
"""Most steps of a series."""


def parse(cells: Sequence[Entry], column: str, place: PlaceOf, day_first: bool | None = None) -> np.ndarray:
    """Return times as datetime64[ns], those with a zone in UTC; raise UserError at the first value that is not a time.

    Dates that may begin with the day or with the month are read so that they are evenly far apart, else with the month first.

    >>> parse(["31/01/2024", "01/02/2024"], "date", str).astype("datetime64[D]").tolist()
    [datetime.date(2024, 1, 31), datetime.date(2024, 2, 1)]
    """
    import pandas

    if unit := _unit(cells):
        return pandas.to_datetime(pandas.Series([int(cell) for cell in cells]), unit=unit).to_numpy("datetime64[ns]")
    texts = [_text(cell) for cell in cells]
    for row, text in enumerate(texts):
        if isinstance(text, str) and HOUR.fullmatch(text):  # which pandas would put into today
            raise UserError(f"{place(row)}: the column {column!r} should be a time with its date, got {text!r}")
    if day_first is not None:
        dates.check(texts, day_first, place)
    possible = [day_first] if day_first is not None else dates.readings(texts, place) or [False]
    tried = [dates.read(texts, first) for first in possible]
    times = next((times for times in tried if len(tried) > 1 and inferred(np.sort(times))), tried[0])
    if not np.isnat(times).any():
        return times
    row = int(np.flatnonzero(np.isnat(times))[0])
    if dates.FAR.fullmatch(str(cells[row])):
        raise UserError(f"{place(row)}: the column {column!r} should be a time from 1678 to 2261, got {cells[row]!r}")
    hint = "; without time: rows are read in their order" if re.fullmatch(r"\d+", str(cells[row])) else ""
    raise UserError(f"{place(row)}: the column {column!r} should be a time, such as 2024-01-31 13:00, got {cells[row]!r}{hint}")


def _text(cell: Entry) -> Entry:
    """A whole number is read as its digits: 2024 is a year, 20240131 a day."""
    return str(cell) if isinstance(cell, int | np.integer) else cell


def _unit(cells: Sequence[Entry]) -> str | None:
    """The unit of whole numbers since 1970, None where the values are not such numbers.

    >>> [_unit(cells) for cells in ([1704067200], ["1704067200000"], [2024], ["2024-01-31"])]
    ['s', 'ms', None, None]
    """
    if not all(re.fullmatch(r"\d{9,19}", str(cell)) for cell in cells):
        return None
    most = max(map(int, cells))
    return next(unit for unit, end in (("s", 10**11), ("ms", 10**14), ("us", 10**17), ("ns", 10**20)) if most < end)


def uneven(times: np.ndarray, place: str) -> str | None:
    """Return in words how many sorted times are not as far apart as most; None where all are."""
    if len(times) < 3 or inferred(times):
        return None
    lengths, counts = np.unique(np.diff(times), return_counts=True)
    usual = lengths[counts.argmax()]
    if counts.max() < len(times) / 2:
        return f"{place}: the times are not equally spaced, and every row counts as one step"
    first = shown(times[np.flatnonzero(np.diff(times) != usual)[0]])
    seconds = int(usual / np.timedelta64(1, "s"))
    odd = len(times) - 1 - counts.max()
    told = f"after {odd} of {len(times)} times the next is not {seconds} seconds later, first after {first}"
    return f"{place}: {told}; every row is one step, unless every: says how far apart steps are"


def offset(every: str) -> "pandas.DateOffset":
    """Return pandas' offset of a text such as 1h, 15min, 1 day or MS; raise UserError where there is none."""
    from pandas.tseries.frequencies import to_offset

    try:
        made = to_offset(_of_pandas(every.strip()))
    except ValueError:
        made = None
    if made is None or made.n < 1:
        raise UserError(f"every: {every!r} is not a length of time; 15min, 1h, 1D, 1W, MS (months) and YS (years) are")
    return made


def _of_pandas(every: str) -> str:
    """A length of time in pandas' words: those of people are 1d, 24H and 2 days.

    >>> [_of_pandas(every) for every in ("1d", "24H", "2 days", "month", "15min")]
    ['1D', '24h', '2D', 'MS', '15min']
    """
    match = re.fullmatch(r"(\d*)\s*([A-Za-z]+)", every)
    if not match:
        return every
    number, unit = match.groups()
    plain = unit.lower()
    return number + LENGTHS.get(plain.removesuffix("s"), {"d": "D", "w": "W", "h": "h"}.get(plain, unit))


def sorted_rows(times: np.ndarray, place: PlaceOf) -> np.ndarray:
    """Return the rows in the order of their times; raise UserError where a time stands twice."""
    order = np.argsort(times, kind="stable")
    repeats = np.flatnonzero(np.diff(times[order]) == np.timedelta64(0))
    if len(repeats):
        first, second = (place(int(order[repeats[0] + more])) for more in (0, 1))
        twice = f"the time {shown(times[order[repeats[0]]])} stands twice, first at {first}"
        hint = "id: names the column that tells series apart; the hour after summer time needs its offset, as in 02:00+01:00"
        raise UserError(f"{second}: {twice} ({len(repeats)} repeats in all); {hint}")
    return order


def grid(times: np.ndarray, every: str, place: str, fill: bool) -> np.ndarray:
    """Return the position of each step from the first to the last time among the sorted times, -1 where it is missing.

    Raises UserError where a time lies between two steps, and where one is missing unless gaps are filled.
    """
    wanted = steps(times, every)
    between = np.flatnonzero(~np.isin(times, wanted))
    if len(between):
        first = f"{shown(times[between[0]])} lies between two steps"
        raise UserError(f"{place}: {len(between)} of {len(times)} times are not every {every} from {shown(times[0])}: {first}")
    where = np.searchsorted(times, wanted)
    missing = np.flatnonzero(times[where] != wanted)
    if len(missing) and not fill:
        told = f"{len(missing)} of {len(wanted)} steps every {every} are missing, the first at {shown(wanted[missing[0]])}"
        raise UserError(f"{place}: {told}; missing: interpolate fills them")
    where[missing] = -1
    return where


def steps(times: np.ndarray, every: str) -> np.ndarray:
    """Return every step from the first to the last time; raise UserError where these are more than `MOST_STEPS`."""
    import pandas

    try:
        first = pandas.Timestamp(times[0]) + offset(every)
        total = (pandas.Timestamp(times[-1]) - first) / (first + offset(every) - first)
    except (pandas.errors.OutOfBoundsDatetime, OverflowError):
        raise UserError(f"every: {every} leads beyond the years that times can have; a shorter step fits") from None
    if total > MOST_STEPS:
        raise UserError(f"every: {every} makes {total:,.0f} steps of {len(times):,} times; a longer step fits")
    return pandas.date_range(times[0], times[-1], freq=offset(every)).to_numpy("datetime64[ns]")


def inferred(times: np.ndarray) -> str | None:
    """Return how far apart sorted times are, in pandas' words; None where they are unequally far apart."""
    import warnings

    import pandas

    if len(times) < 3:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the next pandas returns an offset in place of its name
        frequency = pandas.infer_freq(pandas.DatetimeIndex(times))
    return None if frequency is None else str(getattr(frequency, "freqstr", frequency))


def beyond(times: np.ndarray, every: str | None, steps: int) -> np.ndarray:
    """Return `steps` times after the last one; the median step is used where the step is unknown.

    >>> beyond(np.array(["2024-01-01", "2024-02-01"], "datetime64[ns]"), "MS", 2).astype("datetime64[D]").astype(str).tolist()
    ['2024-03-01', '2024-04-01']
    """
    import pandas

    if every is None:
        return times[-1] + np.median(np.diff(times)) * np.arange(1, steps + 1)
    return pandas.date_range(times[-1], periods=steps + 1, freq=offset(every)).to_numpy("datetime64[ns]")[1:]


def calendar(times: np.ndarray, cycles: Sequence[str]) -> np.ndarray:
    """Return sine and cosine of each time's phase in each cycle, [steps, 2 * cycles]."""
    import pandas

    index = pandas.DatetimeIndex(times)
    angles = [2 * np.pi * np.asarray(CYCLES[name](index), np.float64) for name in cycles]
    return np.stack([wave(angle) for angle in angles for wave in (np.sin, np.cos)], axis=1).reshape(len(times), -1)


def shown(time: np.datetime64, hours: bool = False) -> str:
    """Return a time in the usual notation, without needless precision, but with its `hours` if other times have some.

    >>> shown(np.datetime64("2024-01-31T00:00:00.000000000")), shown(np.datetime64("2024-01-31T13:00:00"))
    ('2024-01-31', '2024-01-31 13:00')
    >>> shown(np.datetime64("2024-01-31"), hours=True)
    '2024-01-31 00:00'
    """
    whole = str(time.astype("datetime64[s]")).replace("T", " ")
    return whole.removesuffix(" 00:00:00") if whole.endswith(" 00:00:00") and not hours else whole.removesuffix(":00")
