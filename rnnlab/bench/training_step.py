"""One training step of a single layer, forward and backward, compiled; and the bare matrix products of the same shape."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import keras
import numpy as np

from rnnlab.tensors import Tensor, Tree

if TYPE_CHECKING:
    import tensorflow as tf


def training_step(layer: keras.layers.Layer, x: np.ndarray, seen: np.ndarray, jit: bool) -> Callable[[], list[Tensor]]:
    """A call that returns the gradients of sum(layer(x) * seen) for x and all weights when they are computed."""
    layer.build(x.shape)
    if keras.backend.backend() == "jax":
        return _jax_step(layer, x, seen)
    return _tensorflow_step(layer, x, seen, jit)


def products(x: np.ndarray, units: int, gates: int, jit: bool) -> Callable[[], list[Tensor]]:
    """The products that no implementation can avoid: x W at once, h U step by step, and the four of the gradient."""
    batch, steps, inputs = x.shape
    rng = np.random.default_rng(1)
    operands = [
        rng.standard_normal(size, np.float32)
        for size in ((steps * batch, inputs), (inputs, gates * units), (units, gates * units), (steps, batch, units))
    ] + [rng.standard_normal((steps, batch, gates * units), np.float32)]
    return (_jax_products if keras.backend.backend() == "jax" else _tensorflow_products)(operands, jit)


def _tensorflow_step(layer: keras.layers.Layer, x: np.ndarray, seen: np.ndarray, jit: bool) -> Callable[[], list[Tensor]]:
    import tensorflow as tf

    weights = [weight.value for weight in layer.trainable_weights]

    @tf.function(autograph=False, jit_compile=jit)
    def step(x: Tensor, seen: Tensor) -> list[Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(layer(x, training=True) * seen)
        return tape.gradient(loss, [x, *weights])

    operands = tf.constant(x), tf.constant(seen)
    return lambda: _awaited(step(*operands))


def _jax_step(layer: keras.layers.Layer, x: np.ndarray, seen: np.ndarray) -> Callable[[], list[Tensor]]:
    import jax

    def loss(x: Tensor, trainable: Tree, fixed: Tree, seen: Tensor) -> tuple[Tensor, Tree]:
        outputs, fixed = layer.stateless_call(trainable, fixed, x, training=True)
        return (outputs * seen).sum(), fixed

    step = jax.jit(jax.grad(loss, argnums=(0, 1), has_aux=True))
    state = [[variable.value for variable in group] for group in (layer.trainable_variables, layer.non_trainable_variables)]
    operands = (jax.numpy.asarray(x), *state, jax.numpy.asarray(seen))

    def gradients() -> list[Tensor]:
        (d_x, d_weights), _ = jax.block_until_ready(step(*operands))
        return [d_x, *d_weights]

    return gradients


def _tensorflow_products(operands: list[np.ndarray], jit: bool) -> Callable[[], list[Tensor]]:
    import tensorflow as tf

    @tf.function(autograph=False, jit_compile=jit)
    def step(x: tf.Tensor, w: tf.Tensor, u: tf.Tensor, h: tf.Tensor, d: tf.Tensor) -> tuple[tf.Tensor, ...]:
        def each(rows: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
            array = tf.TensorArray(rows.dtype, rows.shape[0], element_shape=rows.shape[1:]).unstack(rows)
            start = (0, tf.zeros((rows.shape[1], kernel.shape[1])))
            return tf.while_loop(lambda t, _: t < rows.shape[0], lambda t, _: (t + 1, array.read(t) @ kernel), start)[1]

        flat = tf.reshape(d, (-1, d.shape[-1]))
        gradients = [tf.matmul(side, flat, transpose_a=True) for side in (x, tf.reshape(h, (-1, h.shape[-1])))]
        return x @ w, each(h, u), each(d, tf.transpose(u)), tf.matmul(flat, w, transpose_b=True), *gradients

    constants = [tf.constant(operand) for operand in operands]
    return lambda: _awaited(step(*constants))


def _awaited(results: "Sequence[tf.Tensor]") -> list[Tensor]:
    """The results of a compiled TensorFlow function, all of them there as soon as one is."""
    results[-1].numpy()
    return list(results)


def _jax_products(operands: list[np.ndarray], jit: bool) -> Callable[[], list[Tensor]]:
    import jax

    def step(x: jax.Array, w: jax.Array, u: jax.Array, h: jax.Array, d: jax.Array) -> tuple[jax.Array, ...]:
        def each(rows: jax.Array, kernel: jax.Array) -> jax.Array:
            start = jax.numpy.zeros((rows.shape[1], kernel.shape[1]))
            return jax.lax.scan(lambda _, row: (row @ kernel, None), start, rows)[0]

        flat = d.reshape(-1, d.shape[-1])
        gradients = x.T @ flat, h.reshape(-1, h.shape[-1]).T @ flat
        return x @ w, each(h, u), each(d, u.T), flat @ w.T, *gradients

    compiled = jax.jit(step)
    arrays = [jax.numpy.asarray(operand) for operand in operands]
    return lambda: jax.block_until_ready(compiled(*arrays))
