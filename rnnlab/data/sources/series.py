"""Series of numbers to forecast, from the columns of a table or the arrays of an .npz file."""

from pathlib import Path

import numpy as np

from rnnlab.data.sources import arrays, encoders, series_arrays, series_gaps, series_told, times
from rnnlab.data.sources.encoders import Encoder
from rnnlab.data.sources.layout import Entry
from rnnlab.data.sources.series_config import NumberSeries, listed
from rnnlab.data.sources.series_gaps import Gaps
from rnnlab.data.sources.source_config import SPLITS
from rnnlab.data.sources.tracks import Track, goes_on, joined, read
from rnnlab.data.splits.series_windows import Ahead, part
from rnnlab.data.tokenizer import Codec, Scale
from rnnlab.documents import Record
from rnnlab.errors import UserError

__all__ = ["NumberSeries", "features", "make"]


def make(config: NumberSeries, folder: Path) -> Record:
    """Write the numbers [steps, features] of all series, end to end and standardised, and return what is known."""
    tracks, spans = _split(config)
    trained = [(number, end) for number, name, _, end in spans if name == "train"]
    encoding = _encoding(config, tracks, trained)
    if config.missing == "refuse":
        for track in tracks:
            refuse(track)
    told = series_told.told(config, tracks, spans)
    raw, later, gaps = _read_values(config, tracks, trained, encoding)
    values = [_filled(config, part, _cuts(spans, number), gaps, tracks[number]) for number, part in enumerate(raw)]
    known = [whole(config, part, track) for part, track in zip(later, tracks, strict=True)]
    scales = [_scale(config, parts, trained) for parts in (values, known)]
    goals = sum(_wide(tracks[0].cells[name]) for name in config.targets)  # the first features
    parts = series_arrays.parts_of(tracks, spans)
    _check(config, parts)
    learnt = np.concatenate([values[number][:end, :goals] for number, end in trained])
    told["told"] = [*_constant(config, tracks[0], learnt), *series_told.strange(tracks, encoding), *told["told"]]
    series_arrays.write_numbers(folder, (values, known), scales)
    real = ~np.isnan(np.concatenate(raw)[:, :goals]).any(axis=1)
    if config.missing == "mask":
        series_gaps.check_scored(real, parts, tracks[0].place(0))
    series_arrays.write_steps(config, folder, tracks, parts, real)
    return {
        **_about(config, tracks, encoding, scales, parts),
        "gaps": gaps,
        **_missing(parts, np.concatenate([np.concatenate(raw), np.concatenate(later)], axis=1)),
        **{key: value for key, value in told.items() if value},
    }


def _read_values(
    config: NumberSeries, tracks: list[Track], trained: list[tuple[int, int]], encoding: dict[str, Encoder]
) -> tuple[list[np.ndarray], list[np.ndarray], Gaps]:
    """The values of every series, those known ahead, and what the training split says of gaps; missing values are NaN."""
    raw = [features(track, config.wanted, encoding) for track in tracks]
    gaps = series_gaps.measured(*map(np.concatenate, ([raw[number][:end] for number, end in trained], raw)))
    return raw, [ahead(config, track, encoding) for track in tracks], gaps


def _encoding(config: NumberSeries, tracks: list[Track], trained: list[tuple[int, int]]) -> dict[str, Encoder]:
    """The encoder of each column; targets are numbers already."""
    learnt = {name: _learnt(name, tracks, trained) for name in [*config.wanted, *listed(config.known or [])]}
    return learnt | {name: {"kind": "number"} for name in config.targets}


def _constant(config: NumberSeries, track: Track, learnt: np.ndarray) -> list[str]:
    """The messages for targets that never change in the training split."""
    names = [name for column in config.targets for name in _several(column, track, [column])]
    return arrays.check_varies(f"{track.place(0)}: {', '.join(config.targets)}", learnt, names)


def _missing(parts: list[list[int]], raw: np.ndarray) -> Record:
    """The number of missing values in each split."""
    missing = dict.fromkeys(SPLITS, 0)
    for split, origin, _, begin, end in parts:
        missing[SPLITS[split]] += int(np.isnan(raw[origin + begin : origin + end]).sum())
    return {"missing": missing} if any(missing.values()) else {}


def _wide(cells: np.ndarray | list[Entry]) -> int:
    """The number of features of a column of numbers."""
    return int(cells.shape[1]) if isinstance(cells, np.ndarray) and cells.ndim == 2 else 1


def refuse(track: Track) -> None:
    """Raise UserError where a value of a series is missing, with the number and the first places."""
    marked = {
        name: cells if isinstance(cells, np.ndarray) else np.array([np.nan if cell is None else 0 for cell in cells])
        for name, cells in track.cells.items()
    }
    series_gaps.refused("", marked, track.place)


def _cuts(spans: list[tuple[int, str, int, int]], number: int) -> list[int]:
    """Where one split of a series ends and another begins."""
    return sorted({place for own, _, begin, end in spans if own == number for place in (begin, end)} - {0})


def _filled(config: NumberSeries, values: np.ndarray, cuts: list[int], gaps: Gaps, track: Track) -> np.ndarray:
    """The values of a series without gaps; nothing is carried from one split to another."""
    pieces = zip([0, *cuts], np.split(values, cuts), strict=True)
    return np.concatenate([fill(config, piece, gaps, track, first) for first, piece in pieces])


def fill(config: NumberSeries, values: np.ndarray, gaps: Gaps, track: Track, first: int = 0) -> np.ndarray:
    """Return values of a series, from the row `first` on, without gaps."""
    place = track.place(min(first, track.steps - 1)) + (f", {config.id} {track.id}" if config.id else "")
    return series_gaps.filled(values, config.missing, gaps, place)


def whole(config: NumberSeries, known: np.ndarray, track: Track) -> np.ndarray:
    """Return what is known ahead without gaps: interpolated where these are marked."""
    missing = "interpolate" if config.missing == "mask" else config.missing
    return series_gaps.filled(known, missing, Gaps([], []), track.place(0))


def _about(
    config: NumberSeries, tracks: list[Track], encoding: dict[str, Encoder], scales: list[Scale | None], parts: list[list[int]]
) -> Record:
    named = {column: encoders.features(encoding[column], column) for column in config.wanted}
    targets = [name for column in config.targets for name in _several(column, tracks[0], named[column])]
    scale, count = scales[0], len(targets)
    goal = Scale(scale.mean[:count], scale.deviation[:count]) if scale else None
    steps = {name: sum(end - begin for split, _, _, begin, end in parts if SPLITS[split] == name) for name in SPLITS}
    return {
        "codec": Codec(inputs=scale, targets=goal).document(),
        "outputs": count,
        "targets": targets,
        "encoders": encoding,
        "known_scale": scales[1],
        "every": config.every or (times.inferred(tracks[0].times) if tracks[0].times is not None else None),
        "day_first": _day_first(tracks),
        "ids": [track.id for track in tracks] if config.id else [],
        "splits": {name: {"steps": steps[name]} for name in SPLITS},
    }


def _several(column: str, track: Track, names: list[str]) -> list[str]:
    """The names of the features of a column; an array may have several."""
    cells = track.cells[column]
    wide = isinstance(cells, np.ndarray) and cells.ndim == 2
    return [f"{column}_{place}" for place in range(cells.shape[1])] if wide else names


def _split(config: NumberSeries) -> tuple[list[Track], list[tuple[int, str, int, int]]]:
    """All series, and which steps of which are forecast in which split: number of the series, split, begin, end.

    Dates of later splits are read as those of the training split.
    """
    fractions = {name: share for name in SPLITS if isinstance(share := getattr(config, name), float)}
    tracks: list[Track] = []
    spans: list[tuple[int, str, int, int]] = []
    for name in SPLITS:
        if name in fractions:
            continue
        own = read(config, getattr(config, name))
        config = config.model_copy(update={"day_first": _day_first(own)})
        for track in own:
            number = next((number for number, before in enumerate(tracks) if goes_on(before, track)), len(tracks))
            begin = tracks[number].steps if number < len(tracks) else 0
            end = begin + track.steps
            for held in reversed(fractions) if name == "train" else ():
                first = max(0, end - max(1, round(track.steps * fractions[held])))
                spans.append((number, held, first, min(end, first + (config.limit_examples or end))))
                end = first
            spans.append((number, name, begin, min(end, begin + (config.limit_examples or end))))
            tracks[number : number + 1] = [joined(tracks[number], track) if begin else track]
    return tracks, sorted(spans, key=lambda span: (SPLITS.index(span[1]), span[0]))


def _day_first(tracks: list[Track]) -> bool | None:
    """Whether the dates of series begin with the day; None where none begins with day or month."""
    return next((track.day_first for track in tracks if track.day_first is not None), None)


def _learnt(column: str, tracks: list[Track], trained: list[tuple[int, int]]) -> Encoder:
    """The encoder of a column, from the rows of the training split."""
    parts = [tracks[number].cells[column][:end] for number, end in trained]
    cells = np.concatenate(parts) if isinstance(parts[0], np.ndarray) else [cell for part in parts for cell in part]
    if isinstance(cells, np.ndarray) and cells.dtype.kind == "f" and np.isnan(cells).all():
        raise UserError(f"{tracks[0].place(0)}: the column {column!r} has no value in the training split")
    return encoders.learnt(cells, column, tracks[0].place)


def features(track: Track, columns: list[str], encoding: dict[str, Encoder]) -> np.ndarray:
    """Return the columns of a series as numbers [steps, features], not standardised."""
    parts = [encoders.encoded(track.cells[name], encoding[name], name, track.place) for name in columns]
    return np.concatenate([np.zeros((track.steps, 0)), *parts], axis=1)


def ahead(config: NumberSeries, track: Track, encoding: dict[str, Encoder]) -> np.ndarray:
    """Return what is known ahead of every step of a series, [steps, features], not standardised."""
    known = features(track, listed(config.known or []), encoding)
    if not config.calendar or track.times is None:
        return known
    return np.concatenate([known, times.calendar(track.times, config.calendar)], axis=1)


def _scale(config: NumberSeries, parts: list[np.ndarray], trained: list[tuple[int, int]]) -> Scale | None:
    """Mean and deviation over the training split."""
    if not config.standardise or not parts[0].shape[1]:
        return None
    return arrays.measured(np.concatenate([parts[number][:end] for number, end in trained]))


def _check(config: NumberSeries, parts: list[list[int]]) -> None:
    """Raise UserError where nothing can be scored in a split."""
    steps = Ahead.of(config.horizon, config.path)
    for place, name in enumerate(SPLITS):
        own = [row for row in parts if row[0] == place]
        made = [part(origin, total, begin, end, steps) for _, origin, total, begin, end in own]
        if not any(one.end > one.begin for one in made):
            rows = max((row[4] - row[3] for row in own), default=0)
            least = steps.last - steps.first + 1 + (steps.first if own and own[0][3] == 0 else 0)
            needs = f"none of them {config.horizon} steps ahead; it needs {least} rows or more"
            raise UserError(f"the {name} split of the series has {rows} rows, {needs}, or a smaller horizon")
