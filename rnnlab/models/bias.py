"""A bias by itself, for outputs whose weights are another layer's."""

from typing import Any

import keras

from rnnlab.cells.steps import Tensor


@keras.saving.register_keras_serializable(package="rnnlab")
class Bias(keras.layers.Layer):
    """y = x + b, one b for each of the last axis, zero at first. The padding mask is handed on."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Create the bias."""
        self.bias = self.add_weight(name="bias", shape=input_shape[-1:], initializer="zeros")

    def call(self, inputs: Tensor) -> Tensor:
        """The inputs with the bias added."""
        return inputs + keras.ops.cast(self.bias, inputs.dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return input_shape
