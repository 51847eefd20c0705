"""Cells whose new state is linear in the old one: all steps side by side, in twice the logarithm of their number of rounds."""

import keras
from keras import ops

from rnnlab import compat
from rnnlab.cells.steps import States, Tensor
from rnnlab.graphs import on_processors
from rnnlab.recurrence.linear_rounds import rounds

LONG = 64
"""The least number of steps that TensorFlow's graphs leave to a program of XLA, which has to be compiled first."""


def scan(
    factors: tuple[Tensor, Tensor], states: States, mask: Tensor | None = None, zero_output: bool = False
) -> tuple[Tensor, States]:
    """h_t = a_t * h_{t-1} + b_t for factors a, b (steps, batch, units); masks and results as in rnnlab.recurrence."""
    a, b = factors
    (h,) = states
    if mask is None:
        outputs = linear(a, b, h)
        return outputs, (outputs[-1],)
    real = ops.cast(mask, "bool")[..., None]
    path = linear(ops.where(real, a, ops.ones_like(a)), ops.where(real, b, ops.zeros_like(b)), h)
    begun = real if zero_output else ops.cumsum(ops.cast(real, "int32"), axis=0) > 0
    return ops.where(begun, path, ops.zeros_like(path)), (path[-1],)


def linear(a: Tensor, b: Tensor, h: Tensor) -> Tensor:
    """All h_t = a_t * h_{t-1} + b_t for a known number of steps, from h (batch, units) on, in the way that is quickest."""
    match keras.backend.backend():
        case "tensorflow" if a.shape[0] >= LONG and on_processors() and not compat.checks_numerics():
            from rnnlab.recurrence import tf_linear

            return tf_linear.linear(a, b, h)
        case "jax":
            from rnnlab.recurrence import jax_linear

            return jax_linear.linear(a, b, h) if jax_linear.on_processors() else rounds(a, b, h)
    return rounds(a, b, h)
