"""Penalties on a recurrent layer's outputs: on their size, on their steps, on the steps of their norm."""

from keras import ops

from rnnlab.cells.steps import Tensor


def weight(name: str, value: float) -> float:
    """The weight of a penalty, or ValueError where it is not a number from 0 up."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise ValueError(f"{name} must be a number from 0 up, got {value!r}")
    return value


def activation(outputs: Tensor, real: Tensor | None) -> Tensor:
    """AR: the mean of y_t^2 over the real elements of outputs (steps, batch, units); real (steps, batch) or all.

    Merity, McCann & Socher 2017, arXiv 1708.01009, as is TAR.
    """
    return _mean(ops.square(outputs), real)


def temporal(outputs: Tensor, real: Tensor | None) -> Tensor:
    """TAR: the mean of (h_t - h_{t-1})^2 over the steps that are real and follow a real one."""
    return _mean(ops.square(outputs[1:] - outputs[:-1]), _pairs(real))


def norm_stabiliser(outputs: Tensor, real: Tensor | None) -> Tensor:
    """The mean of (||h_t|| - ||h_{t-1}||)^2 over the steps that are real and follow a real one.

    Krueger & Memisevic 2016, arXiv 1511.08400, from the second step on, as in the code of the Zoneout paper. Where h_t is zero,
    its norm has the gradient zero.
    """
    squares = ops.sum(ops.square(ops.cast(outputs, "float32")), axis=-1, keepdims=True)
    something = squares > 0
    norms = ops.where(something, ops.sqrt(ops.where(something, squares, 1.0)), 0.0)
    return _mean(ops.square(norms[1:] - norms[:-1]), _pairs(real))


def _pairs(real: Tensor | None) -> Tensor | None:
    """Which steps are real and follow a real one."""
    return None if real is None else ops.logical_and(real[1:], real[:-1])


def _mean(values: Tensor, real: Tensor | None) -> Tensor:
    """The mean over (steps, batch, units) where real, in float32; zero where nothing is."""
    steps = ops.mean(ops.cast(values, "float32"), axis=-1)
    weights = ops.ones_like(steps) if real is None else ops.cast(real, "float32")
    return ops.sum(steps * weights) / ops.maximum(ops.sum(weights), 1.0)
