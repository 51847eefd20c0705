"""What a scan on TensorFlow is given; the examples of a batch are independent, so it is given them in parts, side by side."""

import os
from itertools import pairwise
from typing import Any, NamedTuple

import tensorflow as tf

from rnnlab.cells.steps import Noise, States, Tensor
from rnnlab.graphs import on_processors

ROWS = 4
"""The least number of examples for which the recurrence is worth a thread of its own."""
PARTS = 4
"""The most parts of a batch: every part is traced, and to run more at once was not tried."""
KERNEL = 1 << 20
"""The most elements of recurrent kernels that parts share; the product by a larger one is worth all threads."""


class Given(NamedTuple):
    """What a scan is given, besides its step: tensors with a row for every example, and weights."""

    inputs: Tensor
    states: States
    fixed: Noise
    varying: Noise
    kernels: dict[str, Tensor]
    biases: dict[str, Tensor]
    params: dict[str, Tensor]
    first: Tensor
    """The row of `varying` at which the examples of a part begin: it is not split, for it is large."""

    @property
    def sources(self) -> tuple[Any, ...]:
        """What the gradient is taken by."""
        return self.inputs, self.states, self.kernels, self.biases, self.params

    def with_sources(self, *sources: Any) -> "Given":
        """The same noise, with other sources."""
        inputs, states, kernels, biases, params = sources
        return self._replace(inputs=inputs, states=states, kernels=kernels, biases=biases, params=params)

    def noise(self, t: Tensor) -> Noise:
        """The noise of step t."""
        return {**self.fixed, **tf.nest.map_structure(lambda noise: self._rows(noise[t]), self.varying)}

    def _rows(self, noise: Tensor) -> Tensor:
        """The rows that belong to the examples, of noise for all of the batch."""
        batch = self.inputs.shape[1]
        whole = batch is not None and batch == noise.shape[0]
        return noise if whole else tf.slice(noise, (self.first, 0), (batch or tf.shape(self.inputs)[1], noise.shape[-1]))

    def product(self, name: str, v: Tensor) -> Tensor:
        """The recurrent product of a name, with its bias where it has one."""
        product = tf.matmul(v, self.kernels[name])
        return tf.nn.bias_add(product, self.biases[name]) if name in self.biases else product

    def steps(self) -> Any:
        """The number of steps."""
        return self.inputs.shape[0] or tf.shape(self.inputs)[0]

    def arrays(self, axis: int) -> dict[str, tf.TensorArray]:
        """Arrays for the operands (axis 0) or for the results (axis 1) of every product."""
        batch, dtype = self.inputs.shape[1], self.inputs.dtype
        return {name: empty(self.steps(), (batch, kernel.shape[axis]), dtype) for name, kernel in self.kernels.items()}

    def split(self, count: int) -> "list[Given]":
        """The same for parts of the batch: the rows, axis -2, of all tensors that have any, and the weights as they are."""
        if count == 1:
            return [self]
        batch = self.inputs.shape[1] or tf.shape(self.inputs)[1]
        starts = [batch * part // count for part in range(count + 1)]
        sizes = [end - start for start, end in pairwise(starts)]

        def split(tensor: Tensor) -> list[Tensor]:
            axis = tensor.shape.rank - 2
            return [tensor] * count if axis < 0 else tf.split(tensor, sizes, axis)

        own = {name: getattr(self, name) for name in ("inputs", "states", "fixed")}
        rows = zip(*map(split, tf.nest.flatten(own)), strict=True)
        parts = [tf.nest.pack_sequence_as(own, part) for part in rows]
        return [self._replace(**part, first=tf.convert_to_tensor(start)) for part, start in zip(parts, starts, strict=False)]


def parts(given: Given) -> int:
    """The number of parts in which a batch is run: one for every thread, if there is work for it."""
    batch, size = given.inputs.shape[1], sum(kernel.shape.num_elements() for kernel in given.kernels.values())
    if size > KERNEL or not on_processors():
        return 1
    return max(1, min(_threads(), PARTS, (batch or PARTS * ROWS) // ROWS))


def _threads() -> int:
    """The number of operations that TensorFlow runs side by side."""
    chosen = tf.config.threading.get_inter_op_parallelism_threads() or int(os.environ.get("TF_NUM_INTEROP_THREADS", 0))
    return chosen or os.cpu_count() or 1


def empty(steps: Tensor, shape: Any, dtype: Any) -> tf.TensorArray:
    """An array for tensors of a shape, one a step, that can be read more than once."""
    return tf.TensorArray(dtype, steps, element_shape=shape, clear_after_read=False)
