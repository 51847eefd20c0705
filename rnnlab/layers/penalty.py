"""Activation regularisation of a recurrent layer's outputs (Merity, McCann & Socher 2017, arXiv 1708.01009)."""

from keras import ops

from rnnlab.cells.steps import Tensor


def weight(name: str, value: float) -> float:
    """The weight of a penalty, or ValueError where it is not a number from 0 up."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise ValueError(f"{name} must be a number from 0 up, got {value!r}")
    return value


def activation(outputs: Tensor, real: Tensor | None) -> Tensor:
    """AR: the mean of y_t^2 over the real elements of outputs (steps, batch, units); real (steps, batch) or all."""
    return _mean(ops.square(outputs), real)


def temporal(outputs: Tensor, real: Tensor | None) -> Tensor:
    """TAR: the mean of (h_t - h_{t-1})^2 over the steps that are real and follow a real one."""
    both = None if real is None else ops.logical_and(real[1:], real[:-1])
    return _mean(ops.square(outputs[1:] - outputs[:-1]), both)


def _mean(values: Tensor, real: Tensor | None) -> Tensor:
    """The mean over (steps, batch, units) where real, in float32; zero where nothing is."""
    steps = ops.mean(ops.cast(values, "float32"), axis=-1)
    weights = ops.ones_like(steps) if real is None else ops.cast(real, "float32")
    return ops.sum(steps * weights) / ops.maximum(ops.sum(weights), 1.0)
