"""Metrics of forecasts: beside plain forecasts, in the units of the data, MASE, and the coverage of quantiles."""

from typing import NamedTuple

import numpy as np

from rnnlab.data.dataset import Dataset
from rnnlab.data.forecast import Forecast, baselines
from rnnlab.data.splits.series_windows import Series
from rnnlab.documents import Record
from rnnlab.inspection.compiled_call import Call
from rnnlab.models.losses import middle

KEPT = 400
"""The most steps of the test split that are kept for a plot."""


class Forecasts(NamedTuple):
    """The forecasts at every scored step of a split, in the order of the data and the model's units."""

    place: np.ndarray
    """The number of each step among the values, [positions]."""
    truth: np.ndarray
    """[positions, ahead, targets]."""
    model: np.ndarray
    """[positions, ahead, targets, quantiles], or one in place of the quantiles."""
    plain: dict[str, np.ndarray]
    """The forecasts without a model, [positions, ahead, targets] each."""


def forecast_metrics(call: Call, dataset: Dataset) -> tuple[dict[str, float], Record]:
    """Return metrics of the validation and test splits by a model as a function of arrays, and the last forecasts of the test
    split for a plot.

    Of the plain forecasts of `rnnlab.data.forecast` those of the task: `test_persistence_root_mean_squared_error` and so on. Of
    all forecasts, errors of each target in the units of the data, `test_root_mean_squared_error_of_<target>`, and
    `test_mase`: the mean absolute error over that of the (seasonal) naive one-step forecast of the training split, averaged
    over the targets (Hyndman & Koehler 2006). Of quantiles `test_coverage_80` for 0.1 and 0.9: the part of the truth between.
    """
    forecast = dataset.forecast
    assert forecast is not None
    metrics: dict[str, float] = {}
    for name, split in (("val", dataset.validation), ("test", dataset.test)):
        assert isinstance(split, Series)
        of_split = forecasts(call, split, forecast)
        metrics |= {f"{name}_{metric}": value for metric, value in measured(of_split, forecast).items()}
    return metrics, plotted(of_split, forecast)


def forecasts(call: Call, split: Series, forecast: Forecast) -> Forecasts:
    """Return the forecasts of a model, given as a function of arrays, at every scored step of a split."""
    shape = (len(split.ahead.steps), split.outputs)
    parts = []
    for items in split.order(0, 0):
        place, scored = split.places(items)
        parts.append((place[scored], split.batch(items).y[scored], call(split.batch(items).x)[scored]))
    place, truth, said = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.argsort(place, kind="stable")
    place, truth = place[order], truth[order].reshape(-1, *shape).astype(np.float64)
    model = np.sort(said[order].reshape(len(place), *shape, -1).astype(np.float64), axis=-1)
    return Forecasts(place, truth, model, baselines(split, forecast, place))


def measured(arrays: Forecasts, forecast: Forecast) -> dict[str, float]:
    """Return the metrics of the model and of the plain forecasts."""
    best = arrays.model[..., middle(forecast.quantiles) if forecast.quantiles else 0]
    metrics: dict[str, float] = {}
    for name, said in {"": best, **arrays.plain}.items():
        prefix, error = f"{name}_" if name else "", said - arrays.truth
        if np.isnan(error).all():
            continue
        own = _plain(error, forecast.quantiles) if name else {}
        if all(value > 0 for value in forecast.naive):  # not of a series that repeats itself exactly
            own["mase"] = float((np.nanmean(abs(error), axis=(0, 1)) / np.array(forecast.naive)).mean())
        units = forecast.units(error)
        for place, target in enumerate(forecast.targets):
            own[f"root_mean_squared_error_of_{target}"] = _root(units[..., place])
            own[f"mean_absolute_error_of_{target}"] = float(np.nanmean(abs(units[..., place])))
        metrics |= {f"{prefix}{metric}": value for metric, value in own.items()}
    return {**metrics, **_coverage(arrays, forecast.quantiles)}


def _plain(error: np.ndarray, quantiles: tuple[float, ...]) -> dict[str, float]:
    """The task's own metrics of a forecast without a model, of its error [...]; it stands for every quantile."""
    own = {"root_mean_squared_error": _root(error), "mean_absolute_error": float(np.nanmean(abs(error)))}
    if not quantiles:
        return {"loss": own["root_mean_squared_error"] ** 2, **own}
    loss = float(np.mean([np.nanmean(np.maximum(-q * error, (1 - q) * error)) for q in quantiles]))
    return {"loss": loss, "pinball_loss": loss, **own}


def _root(error: np.ndarray) -> float:
    return float(np.sqrt(np.nanmean(error**2)))


def _coverage(arrays: Forecasts, quantiles: tuple[float, ...]) -> dict[str, float]:
    """The fraction of true values between every two quantiles at equal distance from the median."""
    covered = {}
    for low, high in zip(range(len(quantiles) // 2), reversed(range(len(quantiles))), strict=False):
        if abs(quantiles[low] + quantiles[high] - 1) < 1e-9:
            inside = (arrays.model[..., low] <= arrays.truth) & (arrays.truth <= arrays.model[..., high])
            covered[f"coverage_{round(100 * (quantiles[high] - quantiles[low]))}"] = float(inside.mean())
    return covered


def plotted(arrays: Forecasts, forecast: Forecast) -> Record:
    """Return truth and forecasts of the last steps, in the units of the data, at the last step ahead, by target."""
    last = slice(-KEPT, None)

    def units(values: np.ndarray, target: int) -> list[float | None]:
        scale = forecast.scale
        plain = values * scale.deviation[target] + scale.mean[target] if scale else values
        return [None if np.isnan(value) else float(f"{value:.6g}") for value in plain]

    def of(target: int) -> Record:
        model = arrays.model[last, -1, target]
        quantiles = {f"{q:g}": units(model[:, place], target) for place, q in enumerate(forecast.quantiles)}
        best = model[:, middle(forecast.quantiles) if forecast.quantiles else 0]
        plain = {name: units(said[last, -1, target], target) for name, said in arrays.plain.items() if name != "mean"}
        return {
            "truth": units(arrays.truth[last, -1, target], target),
            "forecast": units(best, target),
            "quantiles": quantiles,
            **plain,
        }

    targets = {name: of(place) for place, name in enumerate(forecast.targets)}
    return {"ahead": forecast.ahead[1], "step": (arrays.place[last] + forecast.ahead[1]).tolist(), "targets": targets}
