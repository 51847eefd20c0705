"""Forecasts of a finished run: beyond the end of a file, or of a split of its own data, with dates, units and intervals."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from rnnlab.data.forecast import Forecast
from rnnlab.data.prepared import Prepared
from rnnlab.data.sources import times
from rnnlab.data.sources.build_source import prepared_for
from rnnlab.data.sources.series import ahead, features, fill, refuse, whole
from rnnlab.data.sources.series_config import NumberSeries
from rnnlab.data.sources.series_gaps import Gaps
from rnnlab.data.sources.tracks import Track, read
from rnnlab.data.splits.series_windows import Series
from rnnlab.data.tokenizer import Scale
from rnnlab.documents import Fields
from rnnlab.errors import UserError
from rnnlab.inspection.montecarlo import Samples
from rnnlab.models.losses import middle
from rnnlab.storage import tokenizer_file
from rnnlab.trained.answers import LEVEL, Prediction, interval
from rnnlab.trained.loading import data_of
from rnnlab.trained.predictor import Predictor


class Asked(NamedTuple):
    """A sequence that a model reads, and which of its steps have a forecast that is wanted."""

    x: np.ndarray
    steps: np.ndarray
    """The steps, from 0."""
    told: list[list[Prediction]]
    """The series and the time of each such step's forecasts, one for each step ahead."""
    truth: np.ndarray | None = None
    """[steps, ahead, targets], as the model has it."""


def forecast_of(predictor: Predictor) -> Forecast:
    """Return what a run forecasts; raise UserError where it forecasts no series."""
    forecast = tokenizer_file.read_forecast(predictor.run.record.folder)
    if forecast is None:
        raise UserError(f"{predictor.run.record.folder} forecasts no series: its data are {predictor.config.data.name}")
    return forecast


def beyond(predictor: Predictor, file: str, samples: int, seed: int) -> Iterator[Prediction]:
    """Yield the forecasts beyond the end of every series in a file, by time and target.

    A run that forecasts only step t + horizon yields that step for each of the last `horizon` steps. Raises UserError
    at what cannot be read, and where the file does not reach as far ahead as what is known ahead.
    """
    config, forecast = predictor.config.data, forecast_of(predictor)
    if not isinstance(config, NumberSeries):
        raise UserError(f"a run of {config.name} data forecasts no file, only its own: give --split test")
    told = config.model_copy(update={"day_first": (forecast.about or {}).get("day_first")})
    asked = (_asked(predictor, config, forecast, track) for track in read(told, file))
    return _rows(predictor, forecast, asked, samples, seed)


def _asked(predictor: Predictor, config: NumberSeries, forecast: Forecast, track: Track) -> Asked:
    first, last = forecast.ahead
    about = forecast.about or {}
    past = _past(config, track)
    label = f"{track.place(past.steps - 1)}" + (f", {config.id} {track.id}" if config.id else "")
    if past.steps < 2:
        raise UserError(f"{label}: a forecast needs two steps or more, the series has {past.steps}")
    when = past.times
    if when is not None:
        when = np.concatenate([when, times.beyond(when, about["every"], last)])
    known = _known(config, about, track, past.steps, when, label, last)
    if config.missing == "refuse":
        refuse(past)
    raw = fill(config, features(past, config.wanted, about["encoders"]), Gaps(*about["gaps"]), past)
    x = _scaled(raw, predictor.codec.inputs)
    if known.shape[1]:
        later = np.arange(past.steps)[:, None] + np.arange(first, last + 1)
        x = np.concatenate([x, known[later].reshape(past.steps, -1)], axis=1)
    begin = max(0, past.steps - config.window - max(config.window, last))
    steps = np.arange(past.steps if first < last else max(begin + 1, past.steps - last + 1), past.steps + 1) - 1
    told = [[_told(track.id, when, int(step) + h, h) for h in range(first, last + 1)] for step in steps]
    return Asked(x[begin:].astype(np.float32), steps - begin, told)


def _past(config: NumberSeries, track: Track) -> Track:
    """The series up to the last row that has a target; after it there is only what is known ahead."""
    rows = track.steps
    while rows > 1 and all(_empty(track.cells[name][rows - 1]) for name in config.targets):
        rows -= 1
    when = None if track.times is None else track.times[:rows]
    return track._replace(cells={name: cells[:rows] for name, cells in track.cells.items()}, times=when)


def _empty(cell: np.ndarray) -> bool:
    return bool(np.isnan(cell).all())


def _known(
    config: NumberSeries, about: Fields, track: Track, past: int, when: np.ndarray | None, label: str, last: int
) -> np.ndarray:
    """The known features of every step of the series and of the steps ahead, [steps, features], as the model reads them."""
    if config.known and track.steps < past + last:
        known = " and ".join([config.known] if isinstance(config.known, str) else config.known)
        lacking = f"{past + last - track.steps} more rows, with {known} and an empty target"
        raise UserError(f"{label}: {known} should be known {last} steps ahead: the file needs {lacking}")
    given = track.cells if config.known else {"": np.zeros(past + last)}
    cut = Track(track.id, {name: cells[: past + last] for name, cells in given.items()}, track.place, when)
    return _scaled(whole(config, ahead(config, cut, about["encoders"]), cut), _scale(about["known_scale"]))


def _scale(given: Sequence | None) -> Scale | None:
    return Scale(*map(tuple, given)) if given else None


def _scaled(values: np.ndarray, scale: Scale | None) -> np.ndarray:
    return scale.standardised(values) if scale else values


def _told(name: str, when: np.ndarray | None, step: int, h: int) -> Prediction:
    """The description of a forecast: the series, its time, and the number of steps ahead."""
    hours = when is not None and bool((when[:2] != when[:2].astype("datetime64[D]")).any())
    place = {"time": times.shown(when[step], hours)} if when is not None else {"step": step + 1}
    return {**({"id": name} if name else {}), **place, "ahead": h}


def of_split(predictor: Predictor, name: str, samples: int, seed: int) -> Iterator[Prediction]:
    """Yield every forecast of a split of the run's own data, by time and target, with the truth."""
    forecast, split = forecast_of(predictor), getattr(data_of(predictor.run), name)
    own = isinstance(predictor.config.data, NumberSeries)
    return _rows(predictor, forecast, _windows(split, prepared_for(predictor.config.data) if own else None), samples, seed)


def _windows(split: Series, prepared: Prepared | None) -> Iterator[Asked]:
    steps, parts = split.ahead.steps, split.parts
    when = prepared["series.times"].astype("datetime64[ns]") if prepared and "series.times" in prepared else None
    ids = _ids(prepared) if prepared else {}
    ordered = type(split)(split.values, split.rows, split.window, split.ahead, split.outputs, parts, split.known)
    for items in ordered.order(0, 0):
        place, scored = ordered.places(items)
        batch = ordered.batch(items)
        for row, (owner, _) in enumerate(items):
            if owner < 0:
                continue
            at = np.flatnonzero(scored[row])
            origin = parts[owner].series
            name, own = ids.get(origin, ""), None if when is None else when[origin : origin + parts[owner].total]
            told = [[_told(name, own, int(place[row, step] - origin + h), int(h)) for h in steps] for step in at]
            truth = batch.y[row, at].reshape(len(at), len(steps), split.outputs)
            yield Asked(batch.x[row, : int((place[row] >= 0).sum())], at, told, truth)


def _ids(prepared: Prepared) -> dict[int, str]:
    """The ids of series by where they begin among the values."""
    origins = np.unique(prepared["series.parts"][:, 1])
    return dict(zip(origins.tolist(), prepared.about["ids"], strict=False))


def _rows(predictor: Predictor, forecast: Forecast, asked: Iterator[Asked], samples: int, seed: int) -> Iterator[Prediction]:
    waiting: list[Asked] = []

    def read() -> Iterator[np.ndarray]:
        for one in asked:
            waiting.append(one)
            yield one.x

    several = predictor.passes(samples) if predictor.noisy else 0
    for drawn in predictor.batched(samples, seed)(read()):
        yield from _answers(predictor, forecast, waiting.pop(0), drawn, several)


def _answers(predictor: Predictor, forecast: Forecast, one: Asked, drawn: Samples, samples: int) -> Iterator[Prediction]:
    shape = (len(one.steps), forecast.ahead[1] - forecast.ahead[0] + 1, len(forecast.targets))
    mean, variance = (field[one.steps].reshape(*shape, -1) for field in (drawn.mean, drawn.variance))
    best = middle(forecast.quantiles) if forecast.quantiles else 0
    noise = predictor.noise.reshape(*shape[1:], -1)[..., best]
    units = interval(replace(predictor.codec, targets=forecast.scale), mean[..., best], variance[..., best], noise)
    if one.truth is not None:
        units["truth"] = forecast.scale.restored(one.truth) if forecast.scale else one.truth
    for place, q in enumerate(forecast.quantiles):
        units[f"q{q:g}"] = forecast.scale.restored(mean[..., place]) if forecast.scale else mean[..., place]
    if forecast.quantiles:
        units["low"], units["high"] = units[f"q{forecast.quantiles[0]:g}"], units[f"q{forecast.quantiles[-1]:g}"]
    for step, row in enumerate(one.told):
        for h, told in enumerate(row):
            for place, target in enumerate(forecast.targets):
                values = {name: float(value[step, h, place]) for name, value in units.items()}
                yield {**told, "target": target, **values, "samples": samples, "level": _level(forecast)}


def _level(forecast: Forecast) -> float:
    return round(forecast.quantiles[-1] - forecast.quantiles[0], 6) if forecast.quantiles else LEVEL
