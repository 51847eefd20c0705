"""The loss and the metrics of a step of training or evaluation, each value computed once."""

import keras
import numpy as np

from rnnlab.cells.steps import Tensor
from rnnlab.models.metrics import PositionMean

Values = dict[tuple[str, tuple[float, ...]], Tensor]
"""Values of every scored position, [rows] or [rows, steps], by kind: the function that computes them, and quantiles."""


class Step:
    """The loss and the metrics of a model that `rnnlab.training.fit.compiled` has compiled."""

    def __init__(self, model: keras.Model):
        self.model, self._loss = model, model.loss
        self._mean_loss, measures = model.metrics[:2]
        self._metrics: list[keras.metrics.Metric] = measures.metrics

    @property
    def variables(self) -> list[keras.Variable]:
        """The variables of the metrics."""
        return [variable for metric in (self._mean_loss, *self._metrics) for variable in metric.variables]

    def loss(self, y: Tensor, predictions: Tensor, weights: Tensor, penalties: list[Tensor]) -> tuple[Tensor, Values]:
        """Return the loss of a batch, with what the layers add to it, and the values of its positions."""
        values = self._loss.call(y, predictions)
        return sum(penalties, self._loss.total(values, weights)), {self._loss.kind: values}

    def measure(self, loss: Tensor, values: Values, y: Tensor, predictions: Tensor, weights: Tensor) -> None:
        """Add a batch to the metrics; those whose values are the loss's take them as they are."""
        self._mean_loss.update_state(loss, sample_weight=y.shape[0])
        for metric in self._metrics:
            known = values.get(metric.kind) if isinstance(metric, PositionMean) else None
            if known is None:
                metric.update_state(y, predictions, sample_weight=weights)
            else:
                metric.add(known, weights)

    def results(self) -> dict[str, Tensor]:
        """Return the loss and the metrics since the last reset, by name."""
        return {metric.name: metric.result() for metric in (self._mean_loss, *self._metrics)}

    def reset(self) -> None:
        """Forget all batches."""
        for variable in self.variables:
            variable.assign(keras.ops.zeros(variable.shape, variable.dtype))

    def scaled(self, loss: Tensor) -> Tensor:
        """Return the loss to differentiate, which mixed precision scales."""
        return self.model.optimizer.scale_loss(loss)


Batches = tuple[np.ndarray, ...]
"""Inputs, targets and weights of several batches, each with an axis of the batches before its own."""
Signature = list[tuple[list[int | None], np.dtype]] | None
"""Shape and type of each part of `Batches`, with None for sizes that differ; None where all batches are alike."""
