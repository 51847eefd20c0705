"""A bias without weights, for outputs whose weights belong to another layer."""

import keras

from rnnlab.cells.steps import Tensor
from rnnlab.tensors import Shape


@keras.saving.register_keras_serializable(package="rnnlab")
class Bias(keras.layers.Layer):
    """y = x + b, one b for each of the last axis, zero at first. The padding mask is passed on."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape: Shape) -> None:
        """Create the bias."""
        self.bias = self.add_weight(name="bias", shape=input_shape[-1:], initializer="zeros")

    def call(self, inputs: Tensor) -> Tensor:
        """The inputs with the bias added."""
        return inputs + keras.ops.cast(self.bias, inputs.dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The input's shape."""
        return input_shape
