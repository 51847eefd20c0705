"""The operands of a scan on TensorFlow, which runs a batch in parts, side by side, since its examples are independent."""

import os
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

import tensorflow as tf

from rnnlab.cells.steps import SiteMasks, States, Tensor
from rnnlab.graphs import on_processors
from rnnlab.recurrence.tf_arrays import empty
from rnnlab.tensors import Size, Tree

ROWS = 4
"""The least number of examples for which the recurrence is worth its own thread."""
PARTS = 4
"""The most parts of a batch: every part is traced, and more have not been tried."""
KERNEL = 1 << 20
"""The most elements of recurrent kernels for which a batch is split; a larger product alone keeps all threads busy."""


class Given(NamedTuple):
    """The operands of a scan besides its step: tensors with a row for every example, and weights."""

    inputs: Tensor
    states: States
    fixed: SiteMasks
    varying: SiteMasks
    kernels: dict[str, Tensor]
    biases: dict[str, Tensor]
    params: dict[str, Tensor]
    first: tuple[Tensor, ...] = ()
    """The row at which the examples of a part begin in tensors that are too large to be split."""

    @property
    def sources(self) -> tuple[Tree, ...]:
        """The tensors with respect to which the gradient is taken."""
        return self.inputs, self.states, self.kernels, self.biases, self.params

    def with_sources(self, *sources: Tree) -> "Given":
        """The same noise, with other sources."""
        inputs, states, kernels, biases, params = sources
        return self._replace(inputs=inputs, states=states, kernels=kernels, biases=biases, params=params)

    def input(self, t: Tensor | int) -> Tensor:
        """The input of step t."""
        return self.rows(self.inputs[t])

    def noise(self, t: Tensor) -> SiteMasks:
        """The noise of step t."""
        return {**self.fixed, **tf.nest.map_structure(lambda noise: self.rows(noise[t]), self.varying)}

    def rows(self, tensor: Tensor) -> Tensor:
        """The rows of these examples in a tensor with a row for every example of the batch."""
        return _rows(tensor, self.first[0], _size(self.states[0], 0)) if self.first else tensor

    def product(self, name: str, v: Tensor) -> Tensor:
        """The recurrent product of a name, with its bias where it has one."""
        product = tf.matmul(v, self.kernels[name])
        return tf.nn.bias_add(product, self.biases[name]) if name in self.biases else product

    def steps(self) -> Size:
        """The number of steps."""
        return _size(self.inputs, 0)

    def empty(self, width: int) -> tf.TensorArray:
        """An array for these examples' rows of a width, one tensor a step."""
        return empty(self.steps(), (self.states[0].shape[0], width), self.inputs.dtype)

    def arrays(self, axis: int) -> dict[str, tf.TensorArray]:
        """Arrays for the operands (axis 0) or for the results (axis 1) of every product."""
        return {name: self.empty(kernel.shape[axis]) for name, kernel in self.kernels.items()}

    def split(self, count: int) -> "list[Given]":
        """The same for parts of the batch."""
        if count == 1:
            return [self]
        batch = _size(self.inputs, 1)
        bounds = [batch * part // count for part in range(count + 1)]
        return [self._part(start, end - start) for start, end in pairwise(bounds)]

    def _part(self, first: Size, size: Size) -> "Given":
        def own(tensor: Tensor) -> Tensor:
            return tensor if tensor.shape.rank < 2 else _rows(tensor, first, size)

        states, fixed = tf.nest.map_structure(own, (self.states, self.fixed))
        return self._replace(states=states, fixed=fixed, first=(tf.convert_to_tensor(first),))


def merged(gradients: list[tuple[Tree, ...]]) -> tuple[Tree, ...]:
    """The gradient with respect to the sources of the whole batch, from those of its parts."""
    d_inputs, d_states, *d_weights = zip(*gradients, strict=True)
    together = [tf.nest.map_structure(lambda *d: tf.add_n(d), *parts) for parts in d_weights]
    return tf.concat(d_inputs, 1), joined(d_states), *together


def joined(states: Iterable[States]) -> States:
    """The states of the whole batch, from those of its parts."""
    return tuple(tf.concat(rows, 0) for rows in zip(*states, strict=True))


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


def _rows(tensor: Tensor, first: Size, size: Size) -> Tensor:
    """`size` rows of (batch, width), from `first` on."""
    return tf.slice(tensor, (first, 0), (size, tensor.shape[-1]))


def _size(tensor: Tensor, axis: int) -> Size:
    """The size of an axis: a number where it is known."""
    return tf.shape(tensor)[axis] if tensor.shape[axis] is None else tensor.shape[axis]
