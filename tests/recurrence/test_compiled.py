"""A long loop on TensorFlow is two programs of XLA: which loops are, and that nothing else changes for who uses the layer."""

from functools import partial

import keras
import numpy as np
import pytest
from conformance.running import BACKEND, arrays, close, compiled, normal, operands, pure
from conformance.table import EVERYWHERE, LSTM, Scheme, noise
from recurrence.test_fast_against_loop import penalty_gradient, squares

pytestmark = pytest.mark.skipif(BACKEND != "tensorflow", reason="JAX compiles every loop")
STEPS = 4


@pytest.fixture
def long(monkeypatch):
    """Loops of the tests' few steps count as long, and batches of few examples as worth two threads."""
    from rnnlab.recurrence import tf_batch_split, tf_dispatch

    monkeypatch.setattr(tf_dispatch, "COMPILED_FROM", 1)
    monkeypatch.setattr(tf_batch_split, "ROWS", 1)
    monkeypatch.setattr(tf_batch_split, "_threads", lambda: 2)


def graph(function):
    return compiled(function, xla=False)


@pytest.mark.parametrize(
    ("steps", "batch", "xla", "programs"),
    [(63, 8, False, 0), (64, 8, False, 2), (64, 9, False, 4), (None, 8, False, 0), (64, 8, True, 0)],
)
def test_loops_of_64_steps_or_more_are_two_programs(steps, batch, xla, programs, monkeypatch):
    """Parts of one size share their programs; inside a program of XLA there is no other."""
    import tensorflow as tf

    from rnnlab.recurrence import tf_batch_split

    monkeypatch.setattr(tf_batch_split, "_threads", lambda: 2)
    layer = LSTM.build(EVERYWHERE[1], return_state=False)

    @partial(compiled, xla=xla)
    def gradient(x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(x, training=True))
        return tape.gradient(loss, [weight.value for weight in layer.trainable_weights])

    functions = gradient.get_concrete_function(tf.TensorSpec((batch, steps, 2))).graph.as_graph_def().library.function
    assert sum(function.attr["_XlaMustCompile"].b for function in functions) == programs


@pytest.mark.slow
def test_derivatives_of_any_order_and_tapes_that_are_asked_twice(long):
    """A tape that may ask for more than one gradient makes TensorFlow keep what XLA can't hand out."""
    layer = LSTM.build(Scheme("fixed and varying", 0.0, [noise("recurrent"), noise("candidate")]), return_state=False)
    weights, inputs, states = operands(layer, steps=2)
    for derivative in (penalty_gradient, asked_twice):
        plain, inside = (partial(derivative, partial(squares, f(pure(layer)), states)) for f in (lambda f: f, graph))
        expected = arrays(plain(weights, inputs))
        around = [inside] if derivative is penalty_gradient else []
        for function in (graph(plain), *around):  # the tapes in the graph, and around it
            close(arrays(function(weights, inputs)), expected, 1e-5)


def asked_twice(loss, weights, inputs):
    """Two gradients by one tape."""
    import tensorflow as tf

    with tf.GradientTape(persistent=True) as tape:
        tape.watch((weights, inputs))
        value = loss(weights, inputs)
    return tape.gradient(value, weights), tape.gradient(value, inputs)


def fitted(x, y):
    """A model that was fitted and validated on batches of several sizes, and its losses."""
    keras.utils.set_random_seed(1)
    layer = LSTM.layer(3, **EVERYWHERE[0].arguments(LSTM), seed=1, name="layer", return_sequences=True)
    model = keras.Sequential([keras.Input(x.shape[1:]), layer, keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.01), "mse", jit_compile=False)
    history = model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0, validation_data=(x[:3], y[:3])).history
    return model, [*history["loss"], *history["val_loss"]]


@pytest.mark.slow
def test_fit_validate_predict_and_export_as_with_the_plain_scan(long, tmp_path, monkeypatch):
    import tensorflow as tf

    from rnnlab.recurrence import tf_batch_split, tf_dispatch

    x, y = normal((7, STEPS, 2)), normal((7, STEPS, 1), 1)
    model, losses = fitted(x, y)
    predicted = model.predict(x, verbose=0)
    model.export(tmp_path / "served", verbose=False)
    served = tf.saved_model.load(tmp_path / "served")
    np.testing.assert_allclose(served.serve(x[:5]), predicted[:5], atol=1e-6)
    model.save(tmp_path / "model.keras")
    np.testing.assert_allclose(keras.saving.load_model(tmp_path / "model.keras")(x), predicted, atol=1e-6)
    monkeypatch.setattr(tf_dispatch, "COMPILED_FROM", STEPS + 1)
    monkeypatch.setattr(tf_batch_split, "_threads", lambda: 1)
    plain, expected = fitted(x, y)
    np.testing.assert_allclose(losses, expected, rtol=1e-4)
    np.testing.assert_allclose(predicted, plain.predict(x, verbose=0), atol=1e-5)
