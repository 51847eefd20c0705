"""A layer as a pure function of its weights, inputs and states, with its gradient, on the backend in use."""

import contextlib
from functools import partial
from unittest import mock

import keras
import numpy as np

from rnnlab.noise import sampling as module

BACKEND = keras.backend.backend()


def normal(shape, seed=0, scale=1.0, dtype="float32"):
    return (scale * np.random.default_rng(seed).normal(size=shape)).astype(dtype)


def randomise(layer, scale=0.7):
    """Give every weight random values: constant ones can't see a permuted gate. Return them by name."""
    values = {}
    for n, weight in enumerate(layer.trainable_variables):
        values[weight.name] = normal(weight.shape, n + 1, scale, weight.dtype)
        weight.assign(values[weight.name])
    return values


def operands(layer, batch=3, steps=4, inputs=2, dtype="float32"):
    """Random weights, inputs and initial states of a layer, as tensors."""
    states = [normal((batch, layer.units), 30 + n, 0.5, dtype) for n, _ in enumerate(layer.state_size)]
    weights = list(randomise(layer).values())
    values = weights, normal((batch, steps, inputs), 20, 1, dtype), states
    return keras.tree.map_structure(keras.ops.convert_to_tensor, values)


def pure(layer, mask=None, training=True):
    """f(weights, inputs, states) -> [output, *states]. Every call starts at the same seeds, so it draws the same masks."""
    seeds = [(variable, variable.value) for variable in layer.non_trainable_variables]

    def call(weights, inputs, states):
        with keras.StatelessScope([*zip(layer.trainable_variables, weights, strict=True), *seeds]):
            results = layer(inputs, initial_state=list(states), mask=mask, training=training)
        return keras.tree.flatten(results)

    return call


def pulled(function, cotangents, *operands):
    """The results of a function and the gradients that cotangents of the results give its operands."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(operands)
            results = function(*operands)
        return results, tape.gradient(results, operands, cotangents)
    import jax

    results, pull = jax.vjp(function, *operands)
    return results, pull(cotangents)


def compiled(function, xla=True):
    """The function as one graph; on TensorFlow with or without XLA."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        return tf.function(function, autograph=False, jit_compile=xla)
    import jax

    return jax.jit(function)


def once(function):
    """The function in the way that is quickest to run a single time."""
    return compiled(function) if BACKEND == "jax" else function


def each(function, numbers):
    """What a function of a number returns for each of them, which JAX computes together."""
    if BACKEND != "jax":
        return [function(number) for number in numbers]
    import jax

    together = jax.vmap(function)(np.array(numbers))
    return [keras.tree.map_structure(lambda result, n=n: result[n], together) for n in range(len(numbers))]


def gradient(layer, values, mask=None, training=True, how=lambda function: function):
    """Results of a layer, then gradients of weights, inputs and states for random cotangents of all results, as arrays."""
    shapes = [(*values[1].shape[:2], layer.units) if layer.return_sequences else values[2][0].shape]
    shapes += [state.shape for state in values[2] if layer.return_state]
    cotangents = [normal(shape, 40 + n, 1, layer.compute_dtype) for n, shape in enumerate(shapes)]
    cotangents = [keras.ops.convert_to_tensor(cotangent) for cotangent in cotangents]
    return arrays(how(partial(pulled, pure(layer, mask, training), cotangents))(*values))


def arrays(tree):
    return [keras.ops.convert_to_numpy(leaf) for leaf in keras.tree.flatten(tree)]


def close(ours, theirs, relative):
    """Compare arrays by norm: the largest difference against the largest value of each."""
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape
        assert np.isfinite(a).all()
        np.testing.assert_allclose(a, b, rtol=0, atol=relative * max(np.abs(b).max(initial=0), 1e-3))


@contextlib.contextmanager
def recorded():
    """Record every mask that a recurrent layer draws, by site."""
    drawn, sample = {}, module.sample

    def record(noise, *rest):
        mask = sample(noise, *rest)
        drawn.setdefault(noise.site, []).append(keras.ops.convert_to_numpy(mask))
        return mask

    module.sample = record
    try:
        yield drawn
    finally:
        module.sample = sample


@contextlib.contextmanager
def double():
    """Let float64 be float64: JAX must be allowed it, and Keras rounds it to float32 on all backends but TensorFlow."""
    from keras.src.backend.common import dtypes

    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.dict(dtypes.BIT64_TO_BIT32_DTYPE, float64="float64"))
        if BACKEND == "jax":
            import jax

            stack.enter_context(jax.enable_x64(True))
        yield


@contextlib.contextmanager
def stepwise():
    """Run every operation by itself: on JAX, compiling hundreds of tiny loops would take most of the time."""
    if BACKEND != "jax":
        yield
        return
    import jax

    with jax.disable_jit():
        yield
