"""Layers run for a check: outputs and gradients on the backend in use."""

from collections.abc import Callable, Sequence

import keras
import numpy as np
from keras import ops

from rnnlab.tensors import Tensor


def fill(layer: keras.layers.Layer, seed: int = 1) -> None:
    """Give every trained weight random values."""
    rng = np.random.default_rng(seed)
    for variable in layer.trainable_variables:
        variable.assign(0.4 * rng.normal(size=variable.shape))


def outputs_and_gradients(
    layer: keras.layers.Layer, x: np.ndarray, mask: np.ndarray | None = None, training: bool = True
) -> list[np.ndarray]:
    """Return the outputs for x, and the gradients of a weighted sum of them with respect to every trained weight and x."""
    weights = [variable.value for variable in layer.trainable_variables]
    others = [variable.value for variable in layer.non_trainable_variables]

    def outputs(x: Tensor, *weights: Tensor) -> Tensor:
        return layer.stateless_call(list(weights), others, x, mask=mask, training=training)[0]

    def loss(x: Tensor, *weights: Tensor) -> Tensor:
        out = outputs(x, *weights)
        factors = np.random.default_rng(2).normal(size=out.shape)
        return ops.sum(out * ops.convert_to_tensor(factors, out.dtype))

    tensor = ops.convert_to_tensor(x, layer.compute_dtype)
    return [ops.convert_to_numpy(part) for part in (outputs(tensor, *weights), *gradients(loss, (tensor, *weights)))]


def compiled(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The same function, compiled by the backend in use."""
    match keras.backend.backend():
        case "jax":
            import jax

            return jax.jit(function)
        case "tensorflow":
            import tensorflow as tf

            return tf.function(function, autograph=False)
    return function


def gradients(loss: Callable[..., Tensor], operands: Sequence[Tensor]) -> Sequence[Tensor]:
    """Return the gradients of a loss with respect to its operands; zeros where it does not depend on one."""
    match keras.backend.backend():
        case "jax":
            import jax

            return jax.grad(loss, argnums=tuple(range(len(operands))))(*operands)
        case "tensorflow":
            import tensorflow as tf

            operands = [tf.convert_to_tensor(operand) for operand in operands]
            with tf.GradientTape() as tape:
                tape.watch(operands)
                value = loss(*operands)
            return [tf.convert_to_tensor(d) for d in tape.gradient(value, operands, unconnected_gradients="zero")]
    raise NotImplementedError(f"gradients are checked on TensorFlow and JAX, not on {keras.backend.backend()}")


def slopes(layer: keras.layers.Layer, x: np.ndarray, number: int, step: float = 1e-5) -> tuple[np.ndarray, np.ndarray]:
    """Return for some elements of a trained weight the gradient, and the central difference, of a float64 layer."""
    variable = layer.trainable_variables[number]
    start = ops.convert_to_numpy(variable.value)
    places = np.random.default_rng(3).permutation(start.size)[:2]
    gradient = outputs_and_gradients(layer, x, training=False)[2 + number].ravel()[places]

    def value(place: int, by: float) -> float:
        moved = start.copy().ravel()
        moved[place] += by
        variable.assign(moved.reshape(start.shape))
        out = ops.convert_to_numpy(layer(x, training=False))
        return float((out * np.random.default_rng(2).normal(size=out.shape)).sum())

    measured = np.array([(value(place, step) - value(place, -step)) / (2 * step) for place in places])
    variable.assign(start)
    return gradient, measured
