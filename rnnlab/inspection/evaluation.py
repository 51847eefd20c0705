"""The test split evaluated twice: by the usual prediction and by the average of many samples; with the calibration of both."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import keras
import numpy as np

from rnnlab.data.dataset import Dataset, Split
from rnnlab.data.task import Task
from rnnlab.documents import Fields, Record
from rnnlab.inspection import calibration, prediction_intervals, scores
from rnnlab.inspection.montecarlo import Samples, noisy, predictions, usual, words_kept
from rnnlab.inspection.outputs import link
from rnnlab.models.losses import middle
from rnnlab.models.metrics import OwnMean
from rnnlab.models.objective import objective
from rnnlab.seeds import derive
from rnnlab.training.evaluation_config import EvaluationConfig, MonteCarlo

LEVELS = (50, 80, 90, 95)
"""The intervals of predicted numbers whose coverage is a metric, in percent."""
DRAWN = tuple(range(5, 100, 5))
"""The intervals whose coverage is kept for a picture, in percent."""

Columns = dict[str, np.ndarray]
"""Values for every real position of a split: [positions], or [positions, outputs] for numbers and for single labels."""


@dataclass(frozen=True)
class Evaluation:
    """The evaluation of the test split."""

    metrics: dict[str, float]
    """`test_...` of the usual prediction and `test_mc_...` of the averaged one."""
    calibration: Record
    """Reliability diagrams or the coverage of intervals, of both as "usual" and "mc", in plain values; empty where the numbers
    of a user's task are not targets."""


class Seen(NamedTuple):
    """The predictions for a split."""

    columns: Columns
    own: dict[str, float]
    """The task's own metrics of the prediction."""


def evaluate_twice(model: keras.Model, dataset: Dataset, config: EvaluationConfig, seed: int, metrics: Fields) -> Evaluation:
    """Return metrics and calibration of the test split beyond `metrics`, those of the task.

    The averaged prediction is that of `config.montecarlo`, null standing for its defaults.

    - For classes: `negative_log_likelihood` in nats, `brier_score` and `predictive_entropy`, means over the real positions of
    `rnnlab.inspection.scores`; `expected_calibration_error` and `adaptive_calibration_error`. An independent label is a choice
    between two classes, and the metric of a frame is the sum over its labels. - For numbers: `negative_log_likelihood`,
    `coverage_50` and so on, of `rnnlab.inspection.prediction_intervals`, and `coverage_error`, the mean over the levels of
    `DRAWN` of |covered - level|. - For the averaged prediction also the task's own metrics, and `expected_entropy` and
    `mutual_information`, or for numbers `predictive_deviation`, the root of the mean sample variance.

    Masks follow from `seed` and the seed of the config. Without noise the averaged prediction equals the usual one.
    """
    sampling = config.montecarlo or MonteCarlo()
    alone, diagram = _evaluated(model, dataset, config, None, seed)
    if noisy(model):
        averaged, averaged_diagram = _evaluated(model, dataset, config, sampling, seed)
    else:
        own = {name: metrics[f"test_{name}"] for name in _own(dataset.task)}
        averaged, averaged_diagram = {**alone, **own}, diagram
    return Evaluation(
        {f"test_{name}": value for name, value in alone.items() if name not in (*_OF_SAMPLES, "loss", *_own(dataset.task))}
        | {f"test_mc_{name}": value for name, value in averaged.items()},
        {"montecarlo": sampling.model_dump(), "usual": diagram, "mc": averaged_diagram} if diagram else {},
    )


_OF_SAMPLES = ("expected_entropy", "mutual_information", "predictive_deviation")
"""Metrics that are undefined for a single sample."""


def _own(task: Task) -> list[str]:
    return [] if link(task).outputs is None else [name for name in task.kind.metrics if name != "loss"]


def _evaluated(
    model: keras.Model, dataset: Dataset, config: EvaluationConfig, sampling: MonteCarlo | None, seed: int
) -> tuple[dict[str, float], Record]:
    return metrics_of(dataset, config, lambda split: seen(model, dataset.task, split, sampling, seed))


def metrics_of(dataset: Dataset, config: EvaluationConfig, see: Callable[[Split], Seen]) -> tuple[dict[str, float], Record]:
    """Return the metrics and the diagram of the test split under the predictions of `see`; see `evaluate_twice`."""
    test = see(dataset.test)
    if "confidence" in test.columns:
        metrics, diagram = _of_probabilities(test.columns, config.bins)
    elif "error" not in test.columns:
        metrics, diagram = {"predictive_deviation": _deviation(test.columns)}, {}
    else:
        precision = config.noise_precision
        noise = np.array([precision]) if precision else _precision(see(dataset.validation).columns)
        metrics, diagram = _of_numbers(test.columns, noise)
    return {**test.own, **metrics}, diagram


def seen(model: keras.Model, task: Task, split: Split, sampling: MonteCarlo | None, seed: int) -> Seen:
    """Return the model's predictions for a split, by samples or with noise off, each position once."""
    inputs, its = (batch.x for batch in split.batches(0, 0)), link(task)
    with words_kept(model, sampling is not None and not sampling.word_dropout):
        if sampling:
            drawn = predictions(model, inputs, sampling.samples, derive(sampling.seed, "montecarlo", seed), its)
        else:
            drawn = usual(model, inputs, its)
        return scored(task, split, drawn)


def scored(task: Task, split: Split, drawn: Iterable[Samples]) -> Seen:
    """Return the predictions for a split from one set of samples for each batch, in the order of the split."""
    metrics, outputs = objective(task).metrics(task.outputs), link(task).outputs
    if task.kind.own:
        metrics = [*metrics, OwnMean(task.name, "loss")] if outputs else []
    columns: list[Columns] = []
    for batch, samples in zip(split.batches(0, 0), drawn, strict=True):
        real = batch.sample_weight > 0
        columns.append(_columns(_middle(task, Samples(*(field[real] for field in samples))), batch.y[real]))
        for metric in metrics:
            assert outputs
            metric.update_state(batch.y, outputs(samples.mean).astype(np.float32), real.astype(np.float32))
    joined = {name: np.concatenate([part[name] for part in columns]) for name in columns[0]}
    return Seen(joined, {metric.name: float(metric.result()) for metric in metrics})


def _middle(task: Task, samples: Samples) -> Samples:
    """The predicted quantile nearest to the median; without quantiles, all predictions."""
    if not task.quantiles:
        return samples
    place, count = middle(task.quantiles), len(task.quantiles)
    return Samples(samples.mean[..., place::count], samples.variance[..., place::count], samples.entropy)


def _columns(samples: Samples, y: np.ndarray) -> Columns:
    """Values of the real positions of a batch: classes (positions, classes), labels (positions, labels, 2) or numbers."""
    p = samples.mean
    if y.dtype.kind == "f" and p.ndim == y.ndim and p.shape != y.shape:
        return {"variance": samples.variance}
    if y.dtype.kind == "f" and p.ndim == y.ndim:
        return {"error": p - y, "variance": samples.variance}
    hit = {"confidence": p.max(-1), "right": p.argmax(-1) == y} if p.ndim == 2 else {"confidence": p[..., 1], "right": y > 0}
    unsure = {"entropy": scores.entropy(p), "expected_entropy": samples.entropy}
    return {**hit, **unsure, "surprise": scores.surprise(p, y), "brier": scores.brier(p, y)}


def _of_probabilities(columns: Columns, bins: int) -> tuple[dict[str, float], Record]:
    mean = {name: float(values.reshape(len(values), -1).sum(axis=1).mean()) for name, values in columns.items()}
    diagram = calibration.reliability(columns["confidence"], columns["right"], bins)
    adaptive = calibration.equally_filled(columns["confidence"], columns["right"], bins)
    metrics = {
        "negative_log_likelihood": mean["surprise"],
        "brier_score": mean["brier"],
        "expected_calibration_error": calibration.calibration_error(diagram),
        "adaptive_calibration_error": calibration.calibration_error(adaptive),
        "predictive_entropy": mean["entropy"],
        "expected_entropy": mean["expected_entropy"],
        "mutual_information": mean["entropy"] - mean["expected_entropy"],
    }
    return metrics, {name: values.tolist() for name, values in vars(diagram).items()}


def _deviation(columns: Columns) -> float:
    return float(np.sqrt(columns["variance"].mean()))


def _precision(columns: Columns) -> np.ndarray:
    return prediction_intervals.noise_precision(columns["error"], columns["variance"])


def _of_numbers(columns: Columns, precision: np.ndarray) -> tuple[dict[str, float], Record]:
    of = (columns["error"], columns["variance"], precision)
    covered = [prediction_intervals.coverage(*of, level / 100) for level in DRAWN]
    metrics = {
        "negative_log_likelihood": float(prediction_intervals.gaussian_surprise(*of).sum(axis=1).mean()),
        **{f"coverage_{level}": prediction_intervals.coverage(*of, level / 100) for level in LEVELS},
        "coverage_error": float(np.mean([abs(part - level / 100) for part, level in zip(covered, DRAWN, strict=True)])),
        "predictive_deviation": _deviation(columns),
    }
    return metrics, {"level": [level / 100 for level in DRAWN], "covered": covered, "noise_precision": precision.tolist()}
