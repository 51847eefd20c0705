"""Metrics over a whole split: every real position counts once, however the split is cut into batches."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import keras
from keras import ops

from rnnlab.cells.steps import Tensor
from rnnlab.data.task import KINDS
from rnnlab.documents import Record
from rnnlab.models.losses import (
    absolute_error,
    by_quantile,
    cross_entropy,
    frame_cross_entropy,
    middle,
    pinball,
    squared_error,
)


class PositionMean(keras.metrics.Mean):
    """sum w_p v_p / sum w_p over all positions p of a pass, of a value that each position has.

    Keras takes the mean over the steps of a batch first, which gives the steps of a narrow batch more weight.
    """

    default: ClassVar[str]
    _direction = "down"

    def __init__(self, name: str | None = None, dtype: str | None = None, quantiles: Sequence[float] = ()):
        super().__init__(name=name or self.default, dtype=dtype)
        self.quantiles = tuple(quantiles)
        """The predicted quantiles; the one nearest to the median is measured."""

    @staticmethod
    def value(y_true: Tensor, y_pred: Tensor) -> Tensor:
        """The value of every position, [...]."""
        raise NotImplementedError

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> None:
        """Add the positions of a batch."""
        self.add(self.measured(ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)), sample_weight)

    def add(self, positions: Tensor, sample_weight: Tensor | None = None) -> None:
        """Add the values of the positions of a batch."""
        weights = None if sample_weight is None else ops.reshape(sample_weight, (-1,))
        super().update_state(ops.reshape(positions, (-1,)), weights)

    @property
    def kind(self) -> tuple[str, tuple[float, ...]]:
        """The values that are averaged, named as in `Weighted.kind`: metrics of one kind have the same values."""
        return self.value.__name__, self.quantiles

    def measured(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """The value of every position of predictions that may be quantiles."""
        if self.quantiles:
            y_pred = by_quantile(y_pred, self.quantiles)[..., middle(self.quantiles)]
        return self.value(y_true, y_pred)

    def get_config(self) -> Record:
        """Every argument."""
        return {"name": self.name, "dtype": self.dtype, "quantiles": list(self.quantiles)}


@keras.saving.register_keras_serializable(package="rnnlab")
class Perplexity(PositionMean):
    """The perplexity of predicted logits, exp(sum w_t (-log p(y_t)) / sum w_t), over all tokens of a pass.

    `y_true` are token numbers [rows, steps], `y_pred` logits [rows, steps, vocabulary], `sample_weight` [rows, steps].

    >>> metric = Perplexity()
    >>> metric.update_state(keras.ops.array([[0, 1]]), keras.ops.zeros((1, 2, 2)))
    >>> round(float(metric.result()), 4)
    2.0
    """

    default, value = "perplexity", staticmethod(cross_entropy)

    def result(self) -> Tensor:
        """Return the perplexity of everything seen since the last reset."""
        return ops.exp(super().result())


@keras.saving.register_keras_serializable(package="rnnlab")
class BitsPerCharacter(PositionMean):
    """The mean of -log2 p(y_t) over all characters of a pass, of logits as `Perplexity` takes them."""

    default, value = "bits_per_character", staticmethod(cross_entropy)

    def result(self) -> Tensor:
        """Return the bits per character of everything seen since the last reset."""
        return super().result() / math.log(2)


@keras.saving.register_keras_serializable(package="rnnlab")
class FrameNegativeLogLikelihood(PositionMean):
    """The mean over all frames of -sum_k log p(y_k), in nats, of logits [..., labels] of zeros and ones."""

    default, value = "frame_negative_log_likelihood", staticmethod(frame_cross_entropy)


def _right(y_true: Tensor, y_pred: Tensor) -> Tensor:
    return ops.cast(ops.equal(ops.cast(y_true, "int32"), ops.cast(ops.argmax(y_pred, axis=-1), "int32")), "float32")


@keras.saving.register_keras_serializable(package="rnnlab")
class Accuracy(PositionMean):
    """The fraction of positions whose greatest logit is that of the right class."""

    default, value, _direction = "accuracy", staticmethod(_right), "up"


@keras.saving.register_keras_serializable(package="rnnlab")
class MeanAbsoluteError(PositionMean):
    """The mean over all positions of |y_pred - y_true|, the error of Gal & Ghahramani's sentiment regression."""

    default, value = "mean_absolute_error", staticmethod(absolute_error)


@keras.saving.register_keras_serializable(package="rnnlab")
class RootMeanSquaredError(PositionMean):
    """The root of the mean over all positions of (y_pred - y_true)^2."""

    default, value = "root_mean_squared_error", staticmethod(squared_error)

    def result(self) -> Tensor:
        """Return the error of everything seen since the last reset."""
        return ops.sqrt(super().result())


@keras.saving.register_keras_serializable(package="rnnlab")
class PinballLoss(PositionMean):
    """The mean over all positions of the pinball loss of their `quantiles`, see `rnnlab.models.losses.pinball`."""

    default = "pinball_loss"

    @property
    def kind(self) -> tuple[str, tuple[float, ...]]:
        """The pinball loss of these quantiles."""
        return pinball.__name__, self.quantiles

    def measured(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """The loss of every position."""
        return pinball(y_true, y_pred, self.quantiles)


@keras.saving.register_keras_serializable(package="rnnlab")
class OwnMean(PositionMean):
    """The mean over all positions of a metric that a task of a plug-in has, or of its loss."""

    def __init__(self, task: str, metric: str, name: str | None = None, dtype: str | None = None):
        super().__init__(name or metric, dtype)
        self.task, self.metric = task, metric
        self._direction = "up" if KINDS[task].metrics[metric] == "max" else "down"

    @property
    def kind(self) -> tuple[str, tuple[float, ...]]:
        """This metric of this task."""
        return f"{self.task}/{self.metric}", ()

    def measured(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """The value of every position."""
        kind = KINDS[self.task]
        value: Any = kind.metric_functions.get(self.metric, kind.loss)
        return value(y_true, ops.cast(y_pred, "float32"))

    def get_config(self) -> Record:
        """Every argument."""
        return {"task": self.task, "metric": self.metric, "name": self.name, "dtype": self.dtype}
