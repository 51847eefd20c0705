"""Layers that turn padding into a mask, and that pool the real steps."""

import keras
from keras import ops

from rnnlab.data.dataset import PADDING
from rnnlab.documents import Record
from rnnlab.tensors import Shape, Tree


@keras.saving.register_keras_serializable(package="rnnlab")
class Padding(keras.layers.Layer):
    """Mask the steps of (batch, steps) that are -1, or of (batch, steps, features) that are NaN, and put zero in their place.

    >>> padded = Padding()(keras.ops.array([[3, 1, -1]]))
    >>> padded.tolist() if hasattr(padded, "tolist") else padded.numpy().tolist()
    [[3, 1, 0]]
    """

    def __init__(self, **kwargs: object) -> None:
        super().__init__(autocast=False, **kwargs)
        self.supports_masking = True

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """The inputs, zero at padding."""
        real = self.compute_mask(inputs)
        return ops.where(real if len(inputs.shape) == 2 else real[..., None], inputs, ops.zeros_like(inputs))

    def compute_mask(self, inputs: keras.KerasTensor, previous_mask: Tree = None) -> keras.KerasTensor:
        """Where inputs are real, (batch, steps)."""
        if len(inputs.shape) == 2:
            return ops.not_equal(inputs, PADDING)
        return ops.logical_not(ops.any(ops.isnan(inputs), axis=-1))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The input's shape."""
        return input_shape


@keras.saving.register_keras_serializable(package="rnnlab")
class RealSteps(Padding):
    """Where inputs are real, (batch, steps): the mask of `Padding`, for layers that have several arguments.

    Keras passes a mask on by itself only to a layer with one argument.
    """

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """The mask."""
        return super().compute_mask(inputs)

    def compute_mask(self, inputs: keras.KerasTensor, previous_mask: Tree = None) -> None:
        """None: a mask has none."""

    def compute_output_spec(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """The symbolic mask."""
        return keras.KerasTensor(inputs.shape[:2], dtype="bool")


@keras.saving.register_keras_serializable(package="rnnlab")
class Pooling(keras.layers.Layer):
    """The mean, the maximum or the last of the real steps of (batch, steps, units); zero where no step is real.

    >>> tuple(Pooling("mean")(keras.ops.ones((2, 5, 3))).shape)
    (2, 3)
    """

    def __init__(self, what: str, **kwargs: object) -> None:
        super().__init__(**kwargs)
        if what not in ("mean", "max", "last"):
            raise ValueError(f"what must be mean, max or last, got {what!r}")
        self.what, self.supports_masking = what, True

    def call(self, inputs: keras.KerasTensor, mask: keras.KerasTensor | None = None) -> keras.KerasTensor:
        """The pooled steps, (batch, units)."""
        if self.what == "last":
            return _last(inputs, mask)
        if mask is None:
            return ops.mean(inputs, axis=1) if self.what == "mean" else ops.max(inputs, axis=1)
        real = ops.cast(mask, inputs.dtype)[..., None]
        if self.what == "mean":
            return ops.sum(inputs * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1)
        least = ops.cast(ops.finfo(inputs.dtype).min, inputs.dtype) if hasattr(ops, "finfo") else -3e38
        return ops.where(ops.any(mask, axis=1)[:, None], ops.max(ops.where(real > 0, inputs, least), axis=1), 0.0)

    def compute_mask(self, inputs: keras.KerasTensor, previous_mask: Tree = None) -> None:
        """None: no step is left."""

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The input's shape without the steps."""
        return (input_shape[0], input_shape[2])

    def get_config(self) -> Record:
        """Every argument."""
        return {**super().get_config(), "what": self.what}


def _last(inputs: keras.KerasTensor, mask: keras.KerasTensor | None) -> keras.KerasTensor:
    """The last real step of every row."""
    if mask is None:
        return inputs[:, -1]
    real = ops.cast(mask, "int32")
    left = ops.flip(ops.cumsum(ops.flip(real, axis=1), axis=1), axis=1)  # real steps from here on
    return ops.sum(inputs * ops.cast((real == 1) & (left == 1), inputs.dtype)[..., None], axis=1)
