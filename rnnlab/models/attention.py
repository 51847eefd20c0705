"""Attention pooling of a sequence, and learned initial states of recurrent layers."""

import keras
from keras import ops

from rnnlab.cells.keras_arguments import Initializer
from rnnlab.documents import Record
from rnnlab.tensors import Shape, Tree


@keras.saving.register_keras_serializable(package="rnnlab")
class AttentionPooling(keras.layers.Layer):
    """The mean of the real steps of (batch, steps, units), weighted by attention (Yang et al. 2016, NAACL).

    a = softmax_t(v . tanh(h_t W + b)), sum_t a_t h_t, over real steps; zero where no step is real.

    >>> tuple(AttentionPooling()(keras.ops.ones((2, 5, 3))).shape)
    (2, 3)
    """

    def __init__(self, kernel_initializer: Initializer = "glorot_uniform", **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.supports_masking = True

    def build(self, input_shape: Shape) -> None:
        """Create W, b and v."""
        units = input_shape[-1]
        self.kernel = self.add_weight(shape=(units, units), initializer=self.kernel_initializer, name="kernel")
        self.bias = self.add_weight(shape=(units,), initializer="zeros", name="bias")
        self.score = self.add_weight(shape=(units,), initializer="ones", name="score")

    def call(self, inputs: keras.KerasTensor, mask: keras.KerasTensor | None = None) -> keras.KerasTensor:
        """The weighed sum, (batch, units)."""
        hidden = ops.tanh(ops.matmul(inputs, self.kernel) + self.bias)
        scores = ops.sum(hidden * self.score, axis=-1)
        real = ops.ones_like(scores) if mask is None else ops.cast(mask, scores.dtype)
        weights = ops.exp(scores - ops.max(scores, axis=1, keepdims=True)) * real
        shares = weights / ops.maximum(ops.sum(weights, axis=1, keepdims=True), keras.config.epsilon())
        return ops.sum(inputs * shares[..., None], axis=1)

    def compute_mask(self, inputs: keras.KerasTensor, previous_mask: Tree = None) -> None:
        """None: no step is left."""

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The input's shape without the steps."""
        return (input_shape[0], input_shape[2])

    def get_config(self) -> Record:
        """Every argument."""
        return {**super().get_config(), "kernel_initializer": keras.initializers.serialize(self.kernel_initializer)}


@keras.saving.register_keras_serializable(package="rnnlab")
class LearnedState(keras.layers.Layer):
    """The initial states of (batch, steps, features): for each state one trained vector, zero at first, shared by all rows."""

    def __init__(self, sizes: list[int], **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.sizes = list(sizes)

    def build(self, input_shape: Shape) -> None:
        """Create the vectors."""
        self.vectors = [
            self.add_weight(shape=(size,), initializer="zeros", name=f"state_{place}") for place, size in enumerate(self.sizes)
        ]

    def call(self, inputs: keras.KerasTensor) -> list[keras.KerasTensor]:
        """A list of states, (batch, size) each."""
        rows = ops.shape(inputs)[0]
        pairs = zip(self.vectors, self.sizes, strict=True)
        return [ops.broadcast_to(ops.convert_to_tensor(vector), (rows, size)) for vector, size in pairs]

    def compute_mask(self, inputs: keras.KerasTensor, previous_mask: Tree = None) -> list[None]:
        """None: states have no steps."""
        return [None] * len(self.sizes)

    def compute_output_spec(self, inputs: keras.KerasTensor) -> list[keras.KerasTensor]:
        """The symbolic states."""
        return [keras.KerasTensor((inputs.shape[0], size), dtype=self.compute_dtype) for size in self.sizes]

    def get_config(self) -> Record:
        """Every argument."""
        return {**super().get_config(), "sizes": self.sizes}
