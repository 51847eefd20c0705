"""Reductions in the form that XLA computes by vectors on TensorFlow and processors; it computes the plain ones one by one."""

import math
from functools import reduce

import keras
from keras import ops

from rnnlab import compat
from rnnlab.graphs import gpus, in_xla
from rnnlab.tensors import Tensor

PARTS = 8
"""The number of parts whose elementwise maximum is taken first."""

ROWS = 32
"""The number of squares that are added first. XLA splits longer sums, and then takes one number after the other."""


def by_vectors() -> bool:
    """Whether these forms differ from the plain ones: a program of XLA for processors is being built on TensorFlow."""
    return keras.backend.backend() == "tensorflow" and in_xla() and not gpus()


def greatest(values: Tensor) -> Tensor:
    """Return the greatest of each row (..., width), as (..., 1).

    >>> ops.convert_to_numpy(greatest(ops.array([[1.0, 3.0, 2.0]]))).tolist()
    [[3.0]]
    """
    if by_vectors():
        width = values.shape[-1]
        size = -(-width // PARTS)
        firsts = [min(part * size, width - size) for part in range(PARTS)]  # the last parts may overlap
        values = reduce(ops.maximum, [values[..., first : first + size] for first in firsts])
    return ops.max(values, axis=-1, keepdims=True)


def square_sum(values: Tensor) -> Tensor:
    """Return the sum of the squares of all values.

    >>> float(square_sum(ops.array([[1.0, 2.0], [2.0, 4.0]])))
    25.0
    """
    squares = ops.square(values)
    if by_vectors() and None not in values.shape and math.prod(values.shape) % ROWS == 0:
        first = ops.sum(ops.reshape(squares, (ROWS, -1)), axis=0)
        squares = compat.optimization_barrier(first)  # else XLA makes one sum of the two
    return ops.sum(squares)
