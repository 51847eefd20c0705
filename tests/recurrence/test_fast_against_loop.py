"""The fast scan does what the plain loop does: same name and seed, so the same masks, for everything that Keras can ask."""

from functools import partial
from itertools import product

import keras
import numpy as np
import pytest
from conformance.running import BACKEND, arrays, close, compiled, gradient, normal, once, operands, pure, randomise, stepwise
from conformance.table import CELLS, EVERYWHERE, LSTM, NAMED, NONE, PLAIN, SHORT, WIDEST
from thinning import kept, short_on_jax, thinned_on_jax

MASK = np.array([[1, 1, 1, 1], [0, 0, 1, 1], [1, 1, 0, 0], [0, 1, 0, 1], [0, 0, 0, 0]], bool)
"""No padding, left, right, holes, nothing real."""
OPTIONS = {
    "go_backwards": {"go_backwards": True},
    "zero_output_for_mask": {"zero_output_for_mask": True},
    "backwards, zeros, last output only": {"go_backwards": True, "zero_output_for_mask": True, "return_sequences": False},
}


def one(name, cell, scheme, mask=None, training=True, how=lambda function: function, steps=4, **arguments):
    """Results and gradients of an implementation, as a flat list."""
    layer = cell.build(scheme, implementation=name, **arguments)
    return gradient(layer, operands(layer, batch=len(MASK), steps=steps), mask, training, how)


def both(*settings, **arguments):
    """Results and gradients of the fast scan and of the loop, as flat lists."""
    return [one(name, *settings, **arguments) for name in ("auto", "loop")]


@pytest.mark.parametrize("cell", short_on_jax(kept(CELLS, *WIDEST)), ids=str)
def test_each_cell_on_padded_input(cell):
    with stepwise():
        close(*both(cell, EVERYWHERE[1], MASK), 1e-5)


@pytest.mark.parametrize(("cell", "scheme"), thinned_on_jax(product(PLAIN, [*SHORT, *NAMED[1:]])), ids=str)
def test_each_kind_of_noise_on_unpadded_input(cell, scheme):
    with stepwise():
        close(*both(cell, scheme), 1e-5)


@pytest.mark.parametrize(("cell", "options"), thinned_on_jax(product(PLAIN, OPTIONS.values())), ids=str)
def test_each_option_on_padded_input(cell, options):
    with stepwise():
        close(*both(cell, EVERYWHERE[0], MASK, **options), 1e-5)


@pytest.mark.parametrize("cell", short_on_jax(kept(PLAIN)), ids=str)
def test_evaluation_and_a_single_step(cell):
    with stepwise():
        close(*both(cell, EVERYWHERE[0], MASK, training=False), 1e-5)
        close(*both(cell, EVERYWHERE[1], MASK[:, :1], steps=1), 1e-5)


@pytest.mark.parametrize("cell", PLAIN, ids=str)
def test_an_unrolled_loop_draws_and_computes_the_same(cell):
    """Fault 9: Keras draws once more where it doesn't unroll, which shifts every later mask."""
    with stepwise():
        fast, unrolled = cell.build(EVERYWHERE[0]), cell.build(EVERYWHERE[0], unroll=True)
        values = operands(fast, batch=len(MASK))
        close(arrays(pure(unrolled, MASK)(*values)), arrays(pure(fast, MASK)(*values)), 1e-5)


@pytest.mark.parametrize("xla", [False, pytest.param(True, marks=pytest.mark.slow)] if BACKEND == "tensorflow" else [True])
@pytest.mark.parametrize("cell", kept([PLAIN[0], PLAIN[-1]]), ids=str)
def test_in_one_compiled_graph(cell, xla):
    fast, loop = both(cell, EVERYWHERE[1], MASK, how=lambda function: compiled(function, xla))
    close(fast, loop, 1e-5)
    if not (BACKEND == "tensorflow" and xla):  # TensorFlow's XLA draws other numbers from the same seed
        with stepwise():
            eager = one("auto", cell, EVERYWHERE[1], MASK)
        close(fast, eager, 1e-5)


@pytest.mark.parametrize("cell", PLAIN, ids=str)
def test_stateful_layers_carry_the_same_states(cell):
    layers = [cell.build(EVERYWHERE[0], stateful=True, implementation=name) for name in ("auto", "loop")]
    for layer in layers:
        randomise(layer)
    with stepwise():
        for seed in range(3):
            fast, loop = (arrays(list(layer(normal((3, 4, 2), seed), training=True))) for layer in layers)
            close(fast, loop, 1e-5)
            close(fast[1:], arrays([state.value for state in layers[0].states]), 1e-7)
    layers[0].reset_state()
    assert all((state == 0).all() for state in arrays([state.value for state in layers[0].states]))


@pytest.mark.parametrize("cell", PLAIN, ids=str)
def test_bidirectional(cell):
    models = []
    for name in ("auto", "loop"):
        layer = cell.build(EVERYWHERE[0], implementation=name)
        models.append(keras.layers.Bidirectional(layer, name="both"))
        models[-1].build((5, 4, 2))
        randomise(models[-1])
    with stepwise():
        fast, loop = (arrays(list(model(normal((5, 4, 2)), mask=MASK, training=True))) for model in models)
    close(fast, loop, 1e-5)


@pytest.mark.parametrize("cell", short_on_jax(kept(PLAIN)), ids=str)
def test_length_and_batch_unknown_when_built(cell):
    """One functional model takes any batch and any length; in a graph of unknown shape it gives what it gives eagerly."""
    inputs = keras.Input((None, 2))
    layers = [cell.build(EVERYWHERE[1], implementation=name, return_state=False) for name in ("auto", "loop")]
    models = [keras.Model(inputs, layer(inputs)) for layer in layers]
    assert models[0].output_shape == (None, None, 3)
    for layer in layers:
        randomise(layer)
    for shape in ((2, 3, 2), (4, 1, 2)):
        fast, loop = (model.predict(normal(shape), verbose=0) for model in models)
        assert fast.shape == (*shape[:2], 3)
        close([fast], [loop], 1e-5)
    if BACKEND == "tensorflow":
        import tensorflow as tf

        signature = [tf.TensorSpec((None, None, 2)), tf.TensorSpec((None, None), tf.bool)]
        graph, loop = (tf.function(lambda x, m, f=layer: f(x, mask=m, training=True), signature) for layer in layers)
        close(arrays([graph(normal((5, 4, 2)), MASK)]), arrays([loop(normal((5, 4, 2)), MASK)]), 1e-5)


@pytest.mark.parametrize("cell", short_on_jax(kept(PLAIN, PLAIN[1])), ids=str)
def test_mixed_precision(cell):
    full = one("auto", cell, EVERYWHERE[2], MASK, how=once)
    for policy, bound in (("bfloat16", 0.1), ("float16", 0.01)):
        half, loop = both(cell, EVERYWHERE[2], MASK, how=once, dtype=f"mixed_{policy}")
        results = 1 + cell.states
        assert {str(result.dtype) for result in half[:results]} == {policy}
        assert {str(weight.dtype) for weight in half[results : -1 - cell.states]} == {"float32"}
        for other in (loop, full):
            close([value.astype("float32") for value in half], [value.astype("float32") for value in other], bound)


@pytest.mark.parametrize("cell", [LSTM], ids=str)
def test_second_derivatives(cell):
    """A penalty on the gradient of the inputs has the gradient that the loop gives it."""
    penalties = []
    for name in ("auto", "loop"):
        layer = cell.build(NONE, implementation=name, return_state=False)
        weights, inputs, states = operands(layer)
        loss = partial(squares, pure(layer), states)
        penalties.append(arrays(once(partial(penalty_gradient, loss))(weights, inputs)))
    close(*penalties, 1e-5)


def squares(function, states, weights, inputs):
    return keras.ops.sum(function(weights, inputs, states)[0] ** 2)


def penalty_gradient(loss, weights, inputs):
    """The gradient of the squared gradient of a loss of (weights, inputs) by the inputs."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as outer:
            outer.watch((weights, inputs))
            with tf.GradientTape() as inner:
                inner.watch(inputs)
                value = loss(weights, inputs)
            penalty = tf.reduce_sum(inner.gradient(value, inputs) ** 2)
        return outer.gradient(penalty, (weights, inputs))
    import jax

    return jax.grad(lambda w, x: (jax.grad(loss, 1)(w, x) ** 2).sum(), (0, 1))(weights, inputs)
