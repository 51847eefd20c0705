"""Average precision of independently predicted labels, over a whole split."""

import keras
from keras import ops

from rnnlab.cells.steps import Tensor
from rnnlab.documents import Record

BINS, REACH = 2048, 16.0
"""The number of bins for logits from -REACH to REACH."""


@keras.saving.register_keras_serializable(package="rnnlab")
class AveragePrecision(keras.metrics.Metric):
    """The mean over the labels that occur of sum_k P_k (R_k - R_{k-1}), thresholds falling, of logits [..., labels].

    Logits of one bin, 1/64 wide, are one threshold; `rnnlab.inspection.classes` has the value without bins.

    >>> metric = AveragePrecision(1)
    >>> metric.update_state(keras.ops.array([[1.0], [0], [1]]), keras.ops.array([[2.0], [1], [0]]))
    >>> round(float(metric.result()), 4)
    0.8333
    """

    _direction = "up"

    def __init__(self, outputs: int, name: str = "average_precision", dtype: str | None = None):
        super().__init__(name=name, dtype=dtype)
        self.outputs = outputs
        self.hits, self.all = (self.add_variable((BINS, outputs), initializer="zeros", name=part) for part in ("hits", "all"))

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> None:
        """Count the labels of a batch by their logits."""
        true = ops.cast(ops.reshape(y_true, (-1, self.outputs)) > 0, "float32")  # a label may have a weight
        logits = ops.cast(ops.reshape(y_pred, (-1, self.outputs)), "float32")
        weights = ops.ones_like(true[:, :1]) if sample_weight is None else ops.reshape(sample_weight, (-1, 1))
        place = ops.clip(ops.floor((logits + REACH) * (BINS / (2 * REACH))), 0, BINS - 1)
        number = ops.cast(place, "int32") * self.outputs + ops.arange(self.outputs, dtype="int32")
        given = ops.broadcast_to(ops.cast(weights, "float32"), ops.shape(true))
        for counts, values in ((self.hits, given * true), (self.all, given)):
            flat = ops.segment_sum(ops.reshape(values, (-1,)), ops.reshape(number, (-1,)), BINS * self.outputs)
            counts.assign_add(ops.reshape(flat, (BINS, self.outputs)))

    def result(self) -> Tensor:
        """Return the mean of everything seen since the last reset; 0 where no label was."""
        hits, every = (ops.flip(counts.value, axis=0) for counts in (self.hits, self.all))
        total = ops.sum(hits, axis=0)
        occurs = ops.cast(total > 0, "float32")
        precision = ops.cumsum(hits, axis=0) / ops.maximum(ops.cumsum(every, axis=0), keras.config.epsilon())
        each = ops.sum(precision * hits, axis=0) / ops.where(total > 0, total, 1.0)
        return ops.sum(each * occurs) / ops.maximum(ops.sum(occurs), 1.0)

    def get_config(self) -> Record:
        """Every argument."""
        return {"outputs": self.outputs, "name": self.name, "dtype": self.dtype}
