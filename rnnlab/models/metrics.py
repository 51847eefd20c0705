"""Metrics that Keras has not."""

import keras


@keras.saving.register_keras_serializable(package="rnnlab")
class Perplexity(keras.metrics.MeanMetricWrapper):
    """The perplexity of predicted logits, exp(sum w_t (-log p(y_t)) / sum w_t), over all tokens of a pass.

    `y_true` are token numbers [rows, steps], `y_pred` logits [rows, steps, vocabulary], `sample_weight` [rows, steps].

    >>> metric = Perplexity()
    >>> metric.update_state(keras.ops.array([[0, 1]]), keras.ops.zeros((1, 2, 2)))
    >>> round(float(metric.result()), 4)
    2.0
    """

    def __init__(self, name: str = "perplexity", dtype: str | None = None):
        super().__init__(keras.losses.sparse_categorical_crossentropy, name=name, dtype=dtype, from_logits=True)
        self._direction = "down"

    def result(self) -> keras.KerasTensor:
        """Return the perplexity of everything seen since the last reset."""
        return keras.ops.exp(super().result())

    def get_config(self) -> dict:
        """Return the arguments that make an equal metric."""
        return {"name": self.name, "dtype": self.dtype}
