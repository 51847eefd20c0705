"""The rows of series: read from files, told apart by id, sorted by time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from rnnlab.data.sources import arrays, dates, frames, row_order, times
from rnnlab.data.sources.frames import Frame, RowPlace
from rnnlab.data.sources.gaps import complaint
from rnnlab.data.sources.numbers import missing, numbers, numbers_or_names
from rnnlab.data.sources.reading import files_matching
from rnnlab.data.sources.series_config import NumberSeries, listed
from rnnlab.errors import UserError

ColumnValues: TypeAlias = Any
"""A list of cells, or an array [rows, ...] of an .npz file."""
Cells = dict[str, ColumnValues]


class Track(NamedTuple):
    """One series, in the order of its time."""

    id: str
    """Its cell in the column of ids; empty without such a column."""
    cells: Cells
    place: Callable[[int], str]
    """From a row to its file and line."""
    times: np.ndarray | None
    """The time of every row, datetime64[ns]."""
    day_first: bool | None = None
    """Whether dates were read as beginning with the day; None where none begins with day or month."""
    guessed: bool = False
    """Whether `day_first` is a guess."""
    layout: Mapping[str, str] = MappingProxyType({})
    """Guessed settings of its file, such as the separator."""
    odd: tuple[str, ...] = ()
    """What looks wrong in the files, in words."""

    @property
    def steps(self) -> int:
        """The number of its rows."""
        return len(next(iter(self.cells.values())))


class _SeriesFile(NamedTuple):
    """What one file holds."""

    cells: Cells
    places: list[object]
    layout: Mapping[str, str] = MappingProxyType({})
    odd: Sequence[str] = ()


def read(config: NumberSeries, files: str | list[str]) -> list[Track]:
    """Return the series of files, NaN or None where a value is missing; raise UserError at what cannot be read."""
    columns = [*config.wanted, *listed(config.known or [])]
    names = [*columns, *(name for name in (config.time, config.id) if name and name not in columns)]
    parts = [
        _arrays(path, names, config) if path.suffix == ".npz" else _table(path, names, config) for path in files_matching(files)
    ]
    whole = {name: _joined([part.cells[name] for part in parts]) for name in names}
    places = [place for part in parts for place in part.places]
    layout = {key: value for part in parts for key, value in part.layout.items()}
    odd = tuple(line for part in parts for line in part.odd)
    ids = np.array([str(one) for one in whole[config.id]] if config.id else [""] * len(places), object)
    series = {name: np.flatnonzero(ids == name) for name in dict.fromkeys(ids)}
    day_first, guessed = _day_first(config, whole, places, series.values())
    config = config.model_copy(update={"day_first": day_first})
    tracks = (_track(config, name, columns, whole, places, rows) for name, rows in series.items())
    return [track._replace(day_first=day_first, guessed=guessed, layout=layout, odd=odd) for track in tracks]


def _day_first(
    config: NumberSeries, whole: Cells, places: Sequence[object], series: Iterable[np.ndarray]
) -> tuple[bool | None, bool]:
    """Whether dates begin with the day, as all of them tell, and whether that is a guess, made from one series."""
    if not config.time or config.day_first is not None:
        return config.day_first, False
    cells = whole[config.time]
    possible = dates.readings(cells, lambda row: str(places[row]))
    if len(possible) < 2:
        return (possible[0] if possible else None), False
    rows, own = next((rows, own) for rows in series if len(dates.readings(own := [cells[row] for row in rows])) > 1)
    return dates.guess(own, times.parse(own, config.time, _places(places, rows))), True


def goes_on(before: Track, track: Track) -> bool:
    """Return whether a series of another file begins where one ended, as far as their times tell."""
    if before.times is None or track.times is None or before.id != track.id:
        return False
    return bool(times.beyond(before.times, times.inferred(before.times), 1)[0] == track.times[0])


def joined(before: Track, track: Track) -> Track:
    """Return a series and its continuation as one."""
    cells = {name: _joined([before.cells[name], track.cells[name]]) for name in before.cells}

    def place(row: int) -> str:
        return before.place(row) if row < before.steps else track.place(row - before.steps)

    when = np.concatenate([before.times, track.times])
    return before._replace(cells=cells, place=place, times=when, layout={**track.layout, **before.layout})


def _track(
    config: NumberSeries, name: str, columns: list[str], whole: Cells, places: Sequence[object], rows: np.ndarray
) -> Track:
    at = _places(places, rows)
    if not config.time:
        return Track(name, _rows(whole, columns, rows), at, None)
    when = times.parse(_rows(whole, [config.time], rows)[config.time], config.time, at, config.day_first)
    order = times.sorted_rows(when, at)
    rows, when = rows[order], when[order]
    if config.every:
        label = f"{places[rows[0]]}" + (f", {config.id} {name}" if config.id else "")
        where = times.grid(when, config.every, label, fill=config.missing != "refuse")
        when = times.steps(when, config.every)
        rows = np.where(where < 0, -1, rows[where])
    return Track(name, _rows(whole, columns, rows), _places(places, rows), when)


def _places(places: Sequence[object], rows: np.ndarray) -> Callable[[int], str]:
    return lambda row: str(places[max(0, int(rows[row]))])


def _rows(whole: Cells, columns: list[str], rows: np.ndarray) -> Cells:
    """The cells of these rows; -1 means that a row is missing."""
    return {name: _taken(whole[name], rows) for name in columns}


def _taken(cells: ColumnValues, rows: np.ndarray) -> ColumnValues:
    if not isinstance(cells, np.ndarray):
        return [cells[row] if row >= 0 else None for row in rows]
    if (rows >= 0).all():
        return cells[rows]
    taken = cells[np.maximum(rows, 0)].astype(np.float64)
    taken[rows < 0] = np.nan
    return taken


def _joined(parts: list[ColumnValues]) -> ColumnValues:
    if all(isinstance(part, np.ndarray) for part in parts):
        return np.concatenate(parts)
    return [cell for part in parts for cell in part]


def _table(path: Path, names: list[str], config: NumberSeries) -> _SeriesFile:
    frame = frames.read(path, names, config)
    if config.id:
        lacking = np.array([missing(cell, set(config.missing_values)) for cell in frame.columns[config.id]], bool)
        if lacking.any():
            raise UserError(complaint(frame, config.id, lacking))
    plain = (config.time, config.id)
    columns = {name: frame.columns[name] if name in plain else _cells(frame, name, config) for name in names}
    odd = row_order.told(frame, frame.columns.get(config.id or "")) if not config.time else []
    return _SeriesFile(columns, [RowPlace(frame, row) for row in range(len(frame))], frame.guessed, odd)


def _cells(frame: Frame, name: str, config: NumberSeries) -> ColumnValues:
    """A column as numbers, or as names if it is not a target and contains only these."""
    cells = numbers(frame, name, config) if name in config.targets else numbers_or_names(frame, name, config)
    return _marked(cells, config) if isinstance(cells, np.ndarray) else cells


def _marked(values: np.ndarray, config: NumberSeries) -> np.ndarray:
    """The values, NaN where the sentinel stands."""
    return values if config.sentinel is None else np.where(values == config.sentinel, np.nan, values)


def _arrays(path: Path, names: list[str], config: NumberSeries) -> _SeriesFile:
    given = arrays.load(path, names)
    steps = len(given[names[0]])
    for name, part in given.items():
        if part.ndim not in (1, 2) or len(part) != steps:
            raise UserError(f"{path}: {name!r} should be [steps] or [steps, features], {steps} steps, got {part.shape}")
        if part.dtype.kind in "fiub" and config.missing == "refuse" and config.sentinel is None:
            arrays.check_finite(f"{path}: {name!r}", arrays.columns(part), np.array([steps]))
        if part.dtype.kind in "fiub" and name not in (config.time, config.id):
            given[name] = _marked(part.astype(np.float64), config)
        elif part.dtype.kind in "USO":
            given[name] = part.tolist()
    return _SeriesFile(given, [f"{path}: step {step}" for step in range(steps)])
