"""F1 = 2 TP / (2 TP + FP + FN), over a whole split."""

import keras
from keras import ops

from rnnlab.cells.steps import Tensor
from rnnlab.documents import Record


@keras.saving.register_keras_serializable(package="rnnlab")
class F1(keras.metrics.Metric):
    """F1 of predicted logits, from the weighted counts of a whole pass.

    "macro": the plain mean of the F1 of each class that occurs, in the targets or the predictions; `y_true` are class numbers
    [...], `y_pred` logits [..., outputs]. "micro": one F1 over all labels and positions; `y_true` are zeros and ones
    [..., outputs], and a label is predicted where its logit is above zero. With `several` the macro F1 is of such labels too.

    >>> metric = F1(3, "macro")
    >>> metric.update_state(keras.ops.array([0, 0, 1]), keras.ops.array([[1.0, 0, 0], [0, 1.0, 0], [0, 1.0, 0]]))
    >>> round(float(metric.result()), 4)
    0.6667
    """

    _direction = "up"

    def __init__(self, outputs: int, average: str, name: str | None = None, dtype: str | None = None, several: bool = False):
        if average not in ("macro", "micro"):
            raise ValueError(f"average must be macro or micro, got {average!r}")
        super().__init__(name=name or f"{average}_f1", dtype=dtype)
        self.outputs, self.average, self.several = outputs, average, several or average == "micro"
        self.both, self.either = (
            self.add_variable(shape=(outputs,), initializer="zeros", name=part) for part in ("both", "either")
        )

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> None:
        """Count the hits, and the targets and predictions, of a batch."""
        y_pred = ops.reshape(y_pred, (-1, self.outputs))
        if not self.several:
            true = ops.one_hot(ops.cast(ops.reshape(y_true, (-1,)), "int32"), self.outputs, dtype="float32")
            predicted = ops.one_hot(ops.argmax(y_pred, axis=-1), self.outputs, dtype="float32")
        else:
            true = ops.cast(ops.reshape(y_true, (-1, self.outputs)) > 0, "float32")  # a label may have a weight
            predicted = ops.cast(y_pred > 0, "float32")
        weights = 1.0 if sample_weight is None else ops.cast(ops.reshape(sample_weight, (-1, 1)), "float32")
        self.both.assign_add(ops.sum(weights * true * predicted, axis=0))
        self.either.assign_add(ops.sum(weights * (true + predicted), axis=0))

    def result(self) -> Tensor:
        """Return F1 of everything seen since the last reset; 0 where nothing was."""
        if self.average == "micro":
            return 2 * ops.sum(self.both) / ops.maximum(ops.sum(self.either), keras.config.epsilon())
        occurs = ops.cast(self.either.value > 0, "float32")
        each = 2 * self.both / ops.where(self.either.value > 0, self.either.value, 1.0)
        return ops.sum(each * occurs) / ops.maximum(ops.sum(occurs), 1.0)

    def get_config(self) -> Record:
        """Every argument."""
        return {
            "outputs": self.outputs,
            "average": self.average,
            "name": self.name,
            "dtype": self.dtype,
            "several": self.several,
        }
