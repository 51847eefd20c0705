"""A finished run is evaluated: as its training ends, and again from its weights where only its evaluation has changed."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from traceback import format_exc

import keras

from rnnlab import files
from rnnlab.config import RunSpec
from rnnlab.data.dataset import Dataset
from rnnlab.documents import Record
from rnnlab.inspection.classes import per_class
from rnnlab.inspection.compiled_call import quiet_call
from rnnlab.inspection.evaluation import evaluate_twice
from rnnlab.inspection.forecasts import forecast_metrics
from rnnlab.inspection.measured import measured
from rnnlab.storage import store
from rnnlab.storage.evaluation_files import write_calibration, write_forecast
from rnnlab.storage.run_result import RunResult
from rnnlab.training import weights_file
from rnnlab.training.cleanup import Released
from rnnlab.training.fit import compiled
from rnnlab.training.repeatable import repeatable


def evaluated(spec: RunSpec, folder: Path, dataset: Dataset, model: keras.Model, result: RunResult) -> dict[str, float]:
    """Leave calibration, where the config asks for it, and forecasts of a trained model in its folder; return its metrics."""
    forecast = _forecast(folder, dataset, model, result)
    if result.status == "done":
        forecast |= measured(model, dataset, spec.config.evaluation.metrics)
    if result.status != "done" or spec.config.evaluation.montecarlo is None:
        files.remove(folder / store.CALIBRATION)
        return forecast
    seen = evaluate_twice(model, dataset, spec.config.evaluation, spec.seed, result.metrics)
    if seen.calibration:
        write_calibration(folder, seen.calibration)
    else:
        files.remove(folder / store.CALIBRATION)
    return {**seen.metrics, **forecast}


def _forecast(folder: Path, dataset: Dataset, model: keras.Model, result: RunResult) -> dict[str, float]:
    """Leave the last forecasts of a series in the folder; return their metrics, and those of forecasts without a model."""
    if result.status != "done" or dataset.forecast is None:
        files.remove(folder / store.FORECAST)
        return {}
    metrics, plotted = forecast_metrics(quiet_call(model), dataset)
    write_forecast(folder, plotted)
    return metrics


def evaluate_again(spec: RunSpec, folder: Path, dataset: Dataset, before: RunResult) -> RunResult:
    """Return what `before`, the result of the same training, becomes by this evaluation; its weights are taken as they are.

    The result in the folder stays until the new one is written, so that a kill loses nothing.
    """
    config = spec.config
    result = replace(before, metrics=_of_training(before.metrics))
    try:
        with Released():
            repeatable(spec.seed, config.training.deterministic)
            model = compiled(config.model, dataset, config.training, spec.seed)
            weights_file.load(folder / store.WEIGHTS, model, (before.weights or {})["sha256"])
            return with_evaluation(spec, folder, dataset, model, result)
    except Exception as error:
        return replace(result, **failure(error))


def with_evaluation(spec: RunSpec, folder: Path, dataset: Dataset, model: keras.Model, result: RunResult) -> RunResult:
    """Return the result of a training with the metrics of the trained model; its evaluation files are left in the folder."""
    if result.status == "done":
        metrics, classes = per_class(model, dataset)
        result = replace(result, metrics={**result.metrics, **metrics}, classes=classes)
    return replace(result, metrics={**result.metrics, **evaluated(spec, folder, dataset, model, result)})


def failure(error: Exception) -> Record:
    """Return the fields of the result of a run that an exception has ended."""
    told = f"{type(error).__name__}: {error}".splitlines()[0]
    return {"status": "failed", "metrics": {}, "error": told, "traceback": format_exc()}


def _of_training(metrics: Mapping[str, float | None]) -> dict[str, float | None]:
    """The metrics that a training has by itself: what was measured on the test split belongs to an evaluation."""
    return {
        name: value
        for name, value in metrics.items()
        if not name.startswith("test_") or f"val_{name.removeprefix('test_')}" in metrics
    }
