"""The bare matrix products of a training step of a whole model, forward and backward: what no implementation can avoid."""

from collections.abc import Callable, Iterator

import keras
import numpy as np

from rnnlab.bench.timing import interleaved
from rnnlab.bench.training_step import products


def products_ms(model: keras.Model, rows: int, steps: int, repeats: int = 20) -> float:
    """Return the least milliseconds that the products of recurrent, dense and tied output layers take, one after the other.

    A layer is one of rows * steps, as in a language model; a layer on the last step alone counts as one of rows.
    """
    candidates = {str(number): call for number, call in enumerate(_calls(model, rows, steps))}
    return sum(timing.least for timing in interleaved(candidates, repeats).values())


def _calls(model: keras.Model, rows: int, steps: int) -> Iterator[Callable[[], object]]:
    for layer in model.layers:
        kernels = {name: [w.shape for w in layer.weights if w.name == name] for name in ("kernel", "recurrent_kernel")}
        for (inputs, _), (units, columns) in zip(kernels["kernel"], kernels["recurrent_kernel"], strict=False):
            yield products(_drawn(rows, steps, inputs), units, columns // units, jit=False)
        if isinstance(layer, keras.layers.Dense):
            yield _dense(_positions(layer.output, rows, steps), *layer.kernel.shape)
    layers = {layer.name: layer for layer in model.layers}
    if "head" not in layers and "embedding" in layers:  # tied: the table is the output's kernel, transposed
        yield _dense(_positions(model.output, rows, steps), layers["embedding"].output_dim, model.output.shape[-1])


def _positions(output: keras.KerasTensor, rows: int, steps: int) -> int:
    return rows * steps if output.ndim == 3 else rows


def _drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def _dense(rows: int, inputs: int, outputs: int) -> Callable[[], object]:
    """A call that computes x W and its two gradients."""
    x, w, d = _drawn(rows, inputs), _drawn(inputs, outputs), _drawn(rows, outputs)
    if keras.backend.backend() == "jax":
        import jax

        step = jax.jit(lambda x, w, d: (x @ w, d @ w.T, x.T @ d))
        operands = [jax.numpy.asarray(operand) for operand in (x, w, d)]
        return lambda: jax.block_until_ready(step(*operands))
    import tensorflow as tf

    @tf.function(autograph=False)
    def three(x: tf.Tensor, w: tf.Tensor, d: tf.Tensor) -> tuple[tf.Tensor, ...]:
        return x @ w, tf.matmul(d, w, transpose_b=True), tf.matmul(x, d, transpose_a=True)

    constants = [tf.constant(operand) for operand in (x, w, d)]
    return lambda: [result.numpy() for result in three(*constants)[-1:]]
