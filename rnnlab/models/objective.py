"""The loss and the metrics of each kind of task."""

from collections.abc import Callable
from dataclasses import dataclass

import keras

from rnnlab.data.task import Task
from rnnlab.models import metrics
from rnnlab.models.average_precision import AveragePrecision
from rnnlab.models.f1 import F1
from rnnlab.models.losses import Weighted


@dataclass(frozen=True)
class Objective:
    """A loss and the metrics beside it, as `model.compile` takes them."""

    position_loss: str
    """The loss of a position: a key of `rnnlab.models.losses.POSITION_LOSSES`, or a task of a plug-in."""
    metrics: Callable[[int], list[keras.metrics.Metric]]
    """The metrics for this number of outputs."""

    quantiles: tuple[float, ...] = ()
    """The predicted quantiles, where there are any."""

    def loss(self, scale: float = 1.0) -> Weighted:
        """Return the mean over the positions, times `scale`."""
        return Weighted(self.position_loss, scale, quantiles=self.quantiles)


def _labels(outputs: int) -> list[keras.metrics.Metric]:
    return [metrics.Accuracy(), F1(outputs, "macro")]


def _several(outputs: int) -> list[keras.metrics.Metric]:
    return [F1(outputs, "micro"), F1(outputs, "macro", several=True), AveragePrecision(outputs)]


def _numbers(outputs: int) -> list[keras.metrics.Metric]:
    return [metrics.RootMeanSquaredError(), metrics.MeanAbsoluteError()]


def _of_quantiles(quantiles: tuple[float, ...]) -> Objective:
    measured = (metrics.RootMeanSquaredError, metrics.MeanAbsoluteError, metrics.PinballLoss)
    return Objective("pinball", lambda _: [metric(quantiles=quantiles) for metric in measured], quantiles)


OBJECTIVES = {
    "language_model": Objective("cross_entropy", lambda _: [metrics.Perplexity()]),
    "character_model": Objective("cross_entropy", lambda _: [metrics.BitsPerCharacter(), metrics.Perplexity()]),
    "classification": Objective("cross_entropy", _labels),
    "labelling": Objective("label_cross_entropy", _several),
    "tagging": Objective("cross_entropy", _labels),
    "regression": Objective("squared_error", _numbers),
    "forecasting": Objective("squared_error", _numbers),
    "quantile_forecasting": _of_quantiles((0.5,)),
    "multilabel": Objective(
        "frame_cross_entropy", lambda outputs: [metrics.FrameNegativeLogLikelihood(), F1(outputs, "micro")]
    ),
}
"""The objective of each kind of task; the metrics are the task's own."""


def objective(task: Task) -> Objective:
    """Return the objective of a task."""
    if task.kind.loss:
        return Objective(task.name, lambda _: [metrics.OwnMean(task.name, metric) for metric in task.kind.metric_functions])
    return _of_quantiles(task.quantiles) if task.quantiles else OBJECTIVES[task.name]
