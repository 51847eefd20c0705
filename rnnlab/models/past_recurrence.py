"""Features beside a text bypass the recurrent layers and enter the head."""

import keras
from keras import ops

from rnnlab.tensors import Tree


@keras.saving.register_keras_serializable(package="rnnlab")
class Tokens(keras.layers.Layer):
    """The token numbers (batch, steps), int32, of (batch, steps, 1 + features); the mask stays.

    >>> Tokens()(keras.ops.array([[[7.0, 0.5], [8.0, 0.5]]])).shape
    TensorShape([1, 2])
    """

    def __init__(self, **kwargs: object) -> None:
        super().__init__(autocast=False, **kwargs)
        self.supports_masking = True

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """The first feature of every step."""
        return ops.cast(inputs[..., 0], "int32")


@keras.saving.register_keras_serializable(package="rnnlab")
class Beside(keras.layers.Layer):
    """The features (batch, features) that are the same at every step of (batch, steps, 1 + features)."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(autocast=False, **kwargs)
        self.supports_masking = True

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Those of the first step, which is a real one."""
        return inputs[:, 0, 1:]

    def compute_mask(self, inputs: keras.KerasTensor, previous_mask: Tree = None) -> None:
        """None: no step is left."""
