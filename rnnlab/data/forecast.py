"""The description of a forecast: names, steps ahead, season, units, and the plain forecasts beside it."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rnnlab.data.dataset import Dataset
from rnnlab.data.splits.series_windows import Ahead, Series
from rnnlab.data.tokenizer import Scale
from rnnlab.documents import Fields, Record

BASELINES = ("persistence", "seasonal_naive", "mean")
"""Forecasts without a model: the last value, the value a season or more before, the mean of the training split."""


@dataclass(frozen=True)
class Forecast:
    """The meaning of the numbers that a model forecasts."""

    targets: tuple[str, ...]
    """The features that are forecast."""
    ahead: tuple[int, int]
    """The first and the last step ahead."""
    mean: tuple[float, ...]
    """The mean of each target over the training split, in the model's units."""
    naive: tuple[float, ...]
    """For each target, the mean of |y_t - y_(t - m)| over the training split, m being the season or 1: the divisor of MASE."""
    season: int | None = None
    """Steps of a season."""
    quantiles: tuple[float, ...] = ()
    """The forecast quantiles; empty where the mean is forecast."""
    scale: Scale | None = None
    """The standardisation of the targets."""
    about: Fields | None = None
    """How a table becomes features: columns, categories, and how far apart its steps are; see `rnnlab.data.sources.series`."""

    @classmethod
    def of(cls, document: Fields) -> "Forecast":
        """Return the forecast that `document` has written."""
        plain = {name: tuple(document[name]) for name in ("targets", "ahead", "mean", "naive", "quantiles")}
        scale = document["scale"] and Scale(*map(tuple, document["scale"]))
        return cls(**{**document, **plain, "scale": scale})

    def document(self) -> Record:
        """Return everything as a mapping for JSON."""
        return asdict(self)

    @property
    def steps(self) -> Ahead:
        """The number of steps ahead."""
        return Ahead(*self.ahead)

    def units(self, values: np.ndarray) -> np.ndarray:
        """Return differences [..., targets] in the units of the data."""
        return values * np.array(self.scale.deviation) if self.scale else values


def forecast_of(train: Series, targets: tuple[str, ...], season: int | None, **about: Any) -> Forecast:
    """Return the description of a forecast, from the training split."""
    spans = [train.values[one.series : one.series + one.end + train.ahead.last, : train.outputs] for one in train.parts]
    lag = season or 1
    steps = [np.abs(span[lag:].astype(np.float64) - span[:-lag]) for span in spans if len(span) > lag]
    naive = np.concatenate(steps).mean(axis=0) if steps else np.full(train.outputs, np.nan)
    mean = np.concatenate(spans).mean(axis=0, dtype=np.float64)
    steps_ahead = (train.ahead.first, train.ahead.last)
    return Forecast(targets, steps_ahead, tuple(mean.tolist()), tuple(naive.tolist()), season, **about)


def too_short(dataset: Dataset) -> list[str]:
    """Say where the training split of a series does not fill a batch, and what would fit."""
    train = dataset.train
    if not isinstance(train, Series) or train.windows >= train.rows:
        return []
    size = (
        f"the training split of {dataset.name} has {train.size:,} steps to forecast, {train.windows} windows of {train.window}"
    )
    window = max(1, train.size // train.rows)
    return [f"{size}, fewer than the {train.rows} rows of a batch; batch_size: {train.windows} or window: {window} fits"]


def baselines(split: Series, forecast: Forecast, place: np.ndarray) -> dict[str, np.ndarray]:
    """Return the plain forecasts at steps [positions] of a split, each [positions, ahead, targets], as the model reads them.

    persistence: y_(t+h) = y_t. seasonal_naive: y_(t+h) = y_(t+h-km), k the least that is known at t; NaN before the first
    season. mean: of the training split.
    """
    ahead = split.ahead.steps
    values = split.values[..., : split.outputs]
    forecasts = {"persistence": np.repeat(values[place][:, None], len(ahead), axis=1)}
    if forecast.season:
        back = ahead - forecast.season * -(-ahead // forecast.season)
        origins = np.sort([one.series for one in split.parts])
        origin = origins[np.searchsorted(origins, place, side="right") - 1]
        then = place[:, None] + back
        known = then >= origin[:, None]
        forecasts["seasonal_naive"] = np.where(known[..., None], values[np.where(known, then, 0)], np.nan)
    forecasts["mean"] = np.broadcast_to(np.array(forecast.mean), (len(place), len(ahead), split.outputs))
    return {name: its.astype(np.float64) for name, its in forecasts.items()}
