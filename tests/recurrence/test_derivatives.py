"""Derivatives that are taken in other ways than training does, and what debugging tools see."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from conformance.running import BACKEND, arrays, close, normal, randomise
from conformance.table import CELLS, EVERYWHERE, NONE

on_tensorflow = pytest.mark.skipif(BACKEND != "tensorflow", reason="TensorFlow's own tools")
on_jax = pytest.mark.skipif(BACKEND != "jax", reason="JAX's own tools")
SINGLE = [cell for cell in CELLS if cell.single]


def pair(cell, scheme=NONE):
    """The layer by the fast scan and by the loop, with the same weights."""
    layers = [cell.build(scheme, return_state=False, implementation=way) for way in ("auto", "loop")]
    randomise(layers[0])
    layers[1].set_weights(layers[0].get_weights())
    return layers


@on_tensorflow
@pytest.mark.slow
@pytest.mark.parametrize(("cell", "scheme"), [(CELLS[0], NONE), (CELLS[-1], NONE), (CELLS[2], EVERYWHERE[1])], ids=str)
def test_eager_jacobians_are_those_of_the_loop(cell, scheme):
    import tensorflow as tf

    x = tf.constant(normal((1, 2, 2)))

    def jacobians(layer):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = layer(x)
        return arrays([tape.batch_jacobian(y, x), *tape.jacobian(y, [weight.value for weight in layer.trainable_weights])])

    close(*map(jacobians, pair(cell, scheme)), 1e-5)


@on_tensorflow
@pytest.mark.parametrize("cell", SINGLE, ids=str)
def test_forward_mode_on_tensorflow_is_that_of_central_differences(cell):
    import tensorflow as tf

    layer, _ = pair(cell)
    x, along = (tf.constant(normal((2, 5, 2), n)) for n in range(2))
    with tf.autodiff.ForwardAccumulator(x, along) as forward:
        y = layer(x)
    step = 1e-2
    differences = (layer(x + step * along) - layer(x - step * along)) / (2 * step)
    close(arrays([forward.jvp(y)]), arrays([differences]), 5e-3)


@on_jax
def test_forward_mode_on_jax_is_refused_by_name_and_taken_by_the_loop():
    import jax

    fast, loop = pair(CELLS[0])
    x = normal((2, 3, 2))
    with pytest.raises(TypeError, match='give the layer implementation="loop"'):
        jax.jvp(fast, (x,), (x,))
    with pytest.raises(TypeError, match='give the layer implementation="loop"'):
        jax.jacfwd(fast)(x)
    close(arrays([jax.jacfwd(loop)(x)]), arrays([jax.jacrev(fast)(x)]), 1e-5)
    assert jax.linearize(loop, x)[1](x).shape == (2, 3, 3)


@pytest.mark.parametrize("steps", [5, 80])
@pytest.mark.parametrize("cell", [CELLS[0], CELLS[-1]], ids=str)
def test_an_activation_that_reads_a_variable_is_run_by_the_loop_and_the_variable_is_learnt(cell, steps):
    slope = keras.Variable(2.0)

    class Sloped(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.slope = slope
            self.inside = cell.layer(3, activation=lambda a: keras.ops.tanh(slope * a), **cell.options)

        def call(self, x, training=False):
            return self.inside(x, training=training)

    model = keras.Sequential([keras.Input((steps, 2)), Sloped()])
    model.compile(keras.optimizers.SGD(1.0), "mse")
    model.fit(normal((4, steps, 2)), np.ones((4, 3)), verbose=0)
    assert float(slope) != 2.0
    assert not model.layers[0].inside.cell.pure


@on_tensorflow
def test_an_activation_may_read_a_variable_of_tensorflow():
    import tensorflow as tf

    slope = tf.Variable(2.0)
    layer = CELLS[0].layer(3, activation=lambda a: tf.tanh(slope * a))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(normal((2, 5, 2))))
    assert np.isfinite(tape.gradient(loss, slope))


CHECKED = """
import keras, numpy as np, tensorflow as tf
from rnnlab.layers import LSTM
tf.debugging.enable_check_numerics()
x = np.ones((2, 80, 3), "float32")
model = keras.Sequential([keras.Input((80, 3)), LSTM(4)])
model.compile("sgd", "mse")
model.fit(x, np.ones((2, 4)), verbose=0)
print("trained")
try:
    model.fit(x * np.nan, np.ones((2, 4)), verbose=0)
except tf.errors.InvalidArgumentError as error:
    print("told" if "NaN" in str(error) else error)
"""
FAILING = """
import numpy as np
from rnnlab.layers import LSTM
def fail(a):
    raise RuntimeError("mine")
LSTM(4, activation=fail)(np.ones((2, 5, 3), "float32"))
"""


def told(script):
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)


@on_tensorflow
@pytest.mark.process
@pytest.mark.slow
def test_numbers_are_checked_in_long_loops():
    done = told(CHECKED)
    assert done.stdout.split() == ["trained", "told"], done.stderr[-2000:]


@on_tensorflow
@pytest.mark.process
@pytest.mark.slow
def test_an_error_in_a_step_is_told_alone():
    done = told(FAILING)
    assert "RuntimeError" in done.stderr
    assert "mine" in done.stderr
    assert "Object was never used" not in done.stderr
