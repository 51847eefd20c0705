"""Losses that weigh every unpadded position equally, however a split is cut into batches."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from rnnlab.cells.steps import Tensor
from rnnlab.data.task import KINDS
from rnnlab.documents import Record
from rnnlab.graphs import on_processors
from rnnlab.reductions import greatest
from rnnlab.replicas import replicas


def cross_entropy(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """-log softmax(y_pred)[y_true] of logits [..., classes] and class numbers [...], in nats.

    Of the intermediate values only e^(y_pred - max), of the size of the logits, is kept for the gradient.
    """
    classes = ops.expand_dims(ops.cast(y_true, "int32"), -1)

    @ops.custom_gradient
    def surprise(logits: Tensor) -> tuple[Tensor, Callable[..., Tensor]]:
        most = greatest(logits)
        powers = ops.exp(logits - most)
        total = ops.sum(powers, axis=-1, keepdims=True)
        own = ops.take_along_axis(logits, classes, axis=-1)

        def gradient(*cotangents: Tensor, upstream: Tensor | None = None) -> Tensor:
            cotangent = ops.expand_dims(cotangents[0] if upstream is None else upstream, -1)
            return _less_at(powers * (cotangent / total), classes, cotangent)

        return ops.squeeze(most + ops.log(total) - own, -1), gradient

    return surprise(y_pred)


def _less_at(values: Tensor, classes: Tensor, less: Tensor) -> Tensor:
    """The values [..., classes] with `less` [..., 1] taken off at the class number [..., 1] of every position."""
    if keras.backend.backend() == "tensorflow" and on_processors():
        import tensorflow as tf  # its operations run one by one: the four of the other way would each read all values

        flat, numbers = tf.reshape(values, (-1, values.shape[-1])), tf.reshape(classes, (-1,))
        places = tf.stack([tf.range(tf.size(numbers)), numbers], axis=-1)
        taken: Tensor = tf.raw_ops.ScatterNdNonAliasingAdd(
            input=flat, indices=places, updates=-tf.reshape(less, (-1,)), bad_indices_policy="IGNORE"
        )
        return tf.reshape(taken, tf.shape(values))
    hit = ops.equal(ops.arange(values.shape[-1], dtype="int32"), classes)
    return values - ops.where(hit, less, ops.zeros_like(less))


def frame_cross_entropy(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """-sum_k log p(y_k) of logits and zeros or ones [..., labels], in nats a frame.

    Boulanger-Lewandowski et al. 2012, arXiv 1206.6392.
    """
    return ops.sum(ops.softplus(y_pred) - ops.cast(y_true, y_pred.dtype) * y_pred, axis=-1)


def label_cross_entropy(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """-sum_k [w_k y_k log p_k + (1 - y_k) log(1 - p_k)] of logits [..., labels], in nats an example.

    `y_true` [..., labels] is w_k, the weight of the label, where an example has it, and else zero; a 1 is an unweighted label.
    """
    given = ops.cast(y_true, y_pred.dtype)
    has = ops.cast(given > 0, y_pred.dtype)
    return ops.sum((1 - has + given) * ops.softplus(y_pred) - given * y_pred, axis=-1)


def squared_error(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """The mean over the outputs of (y_pred - y_true)^2, [...]."""
    return ops.mean(ops.square(y_pred - ops.cast(y_true, y_pred.dtype)), axis=-1)


def absolute_error(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """The mean over the outputs of |y_pred - y_true|, [...]."""
    return ops.mean(ops.abs(y_pred - ops.cast(y_true, y_pred.dtype)), axis=-1)


def pinball(y_true: Tensor, y_pred: Tensor, quantiles: tuple[float, ...]) -> Tensor:
    """The mean over outputs and quantiles q of max(q e, (q - 1) e), e = y_true - y_pred, [...] (Koenker & Bassett 1978).

    `y_true` is [..., outputs], `y_pred` [..., outputs * quantiles], the quantiles of an output side by side.
    """
    error = ops.expand_dims(ops.cast(y_true, y_pred.dtype), -1) - by_quantile(y_pred, quantiles)
    q = ops.convert_to_tensor(quantiles, y_pred.dtype)
    return ops.mean(ops.maximum(q * error, (q - 1) * error), axis=(-2, -1))


def by_quantile(y_pred: Tensor, quantiles: tuple[float, ...]) -> Tensor:
    """Predictions [..., outputs * quantiles] as [..., outputs, quantiles], in rising order (Chernozhukov et al. 2010).

    A low quantile is thus never above a high one, and the pinball loss never greater than of the numbers as they come.

    >>> ops.convert_to_numpy(by_quantile(ops.array([[3.0, 1.0, 2.0]]), (0.1, 0.5, 0.9))).tolist()
    [[[1.0, 2.0, 3.0]]]
    """
    shape = ops.shape(y_pred)
    return ops.sort(ops.reshape(y_pred, (*shape[:-1], shape[-1] // len(quantiles), len(quantiles))), axis=-1)


def middle(quantiles: tuple[float, ...]) -> int:
    """The place of the quantile that is nearest to the median."""
    return min(range(len(quantiles)), key=lambda place: abs(quantiles[place] - 0.5))


_LOSSES = (cross_entropy, frame_cross_entropy, label_cross_entropy, squared_error, absolute_error)
POSITION_LOSSES = {loss.__name__: loss for loss in _LOSSES}
"""The loss of a position, by name."""


def _named(name: str) -> Any:
    """Return the loss of a position: one of `POSITION_LOSSES`, or that of a task of a plug-in."""
    return POSITION_LOSSES.get(name) or KINDS[name].loss


@keras.saving.register_keras_serializable(package="rnnlab")
class Weighted(keras.losses.Loss):
    """scale / rows * sum of w_p l_p over the positions p of a batch, [rows] or [rows, steps]; masks are not used.

    With the weights of a `Split` and `scale` 1 the mean over its batches is the mean over its real positions. With `scale` the
    split's `density`, the loss is the sum over the real steps, averaged over the rows. `function` is a key of
    `POSITION_LOSSES`, or with `quantiles` anything: the loss is then `pinball`.

    >>> loss = Weighted("squared_error")
    >>> float(loss(keras.ops.zeros((2, 3, 1)), keras.ops.ones((2, 3, 1)), keras.ops.array([[0.5, 0.5, 0.5], [0.5, 0, 0]])))
    1.0
    """

    def __init__(self, function: str, scale: float = 1.0, name: str | None = None, quantiles: Sequence[float] = ()):
        super().__init__(name=name or function)
        self.function, self.scale, self.quantiles = function, scale, tuple(quantiles)

    @property
    def kind(self) -> tuple[str, tuple[float, ...]]:
        """The name of the function that gives the loss of a position, and the quantiles it takes."""
        return pinball.__name__ if self.quantiles else self.function, self.quantiles

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """The loss of every position, [rows] or [rows, steps]."""
        given = (ops.convert_to_tensor(y_true), ops.cast(ops.convert_to_tensor(y_pred), "float32"))
        return pinball(*given, self.quantiles) if self.quantiles else _named(self.function)(*given)

    def __call__(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        """The loss of a batch."""
        return self.total(self.call(y_true, y_pred), sample_weight)

    def total(self, positions: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        """The loss of a batch, of the losses of its positions."""
        weights = 1.0 if sample_weight is None else ops.cast(sample_weight, positions.dtype)
        rows = replicas()[0] * ops.shape(positions)[0]  # Keras sums the losses of replicas
        return self.scale * ops.sum(positions * weights) / ops.cast(rows, positions.dtype)

    def get_config(self) -> Record:
        """Every argument."""
        return {"function": self.function, "scale": self.scale, "name": self.name, "quantiles": list(self.quantiles)}
