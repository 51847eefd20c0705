"""Many models in one process on TensorFlow: equal layers are compiled once, and none of them stays in memory."""

import gc
import weakref
from functools import partial

import keras
import numpy as np
import pytest
from conformance.running import BACKEND, normal
from recurrence.test_compiled import long  # noqa: F401  a fixture

from rnnlab import compat
from rnnlab.layers import GRU, LSTM

pytestmark = pytest.mark.skipif(BACKEND != "tensorflow", reason="JAX compiles every loop")
X, Y = normal((8, 4, 2)), normal((8, 3), 1)


@pytest.fixture(autouse=True)
def _new_session():
    keras.backend.clear_session()
    yield
    keras.backend.clear_session()


def trained(layer):
    """A model of the layer after a step, and what it predicts."""
    model = keras.Sequential([keras.Input(X.shape[1:]), layer])
    model.compile("sgd", "mse", jit_compile=False)
    model.fit(X, Y, verbose=0)
    return model, model.predict(X, verbose=0)


def programs():
    """The compiled functions of this session."""
    kept = compat.shared_programs().values()
    return [concrete for scan in kept for program in scan.programs for concrete in program._list_all_concrete_functions()]


@pytest.mark.slow
def test_equal_layers_are_compiled_once_and_learn_as_alone(long):  # noqa: F811
    alone = []
    for seed in (1, 2):
        keras.backend.clear_session()
        keras.utils.set_random_seed(seed)
        alone.append(trained(LSTM(3, dropout=0.3, recurrent_dropout=0.3, seed=seed))[1])
    one_model = len(programs())
    keras.backend.clear_session()
    for seed, expected in zip((1, 2), alone, strict=True):
        keras.utils.set_random_seed(seed)
        np.testing.assert_array_equal(trained(LSTM(3, dropout=0.3, recurrent_dropout=0.3, seed=seed))[1], expected)
    assert len(programs()) == one_model > 0
    assert not np.allclose(*alone)


OTHERS = {
    "activation": lambda: LSTM(3, activation="relu"),
    "noise": lambda: LSTM(3, recurrent_dropout=0.3),
    "weights": lambda: LSTM(3, peephole=True),
    "option": lambda: LSTM(3, cap_input=True),
    "cell": lambda: GRU(3),
}


def test_other_layers_are_compiled_by_themselves(long):  # noqa: F811
    """Programs are traced apart; nothing is run, since compiling takes seconds each."""
    import tensorflow as tf

    def added(layer):
        before = len(programs())
        tf.function(partial(layer, training=True)).get_concrete_function(tf.TensorSpec(X.shape))
        return len(programs()) - before

    assert added(LSTM(3)) == 1
    assert added(LSTM(3)) == 0
    assert {name: added(other()) for name, other in OTHERS.items()} == dict.fromkeys(OTHERS, 1)


def test_an_activation_that_may_hold_a_model_is_not_kept(long):  # noqa: F811
    trained(LSTM(3, activation=keras.layers.LeakyReLU()))
    assert not compat.shared_programs()


def parts_of(model):
    return [weakref.ref(part) for part in (model, model.layers[0], model.layers[0].cell, *model.variables)]


@pytest.mark.slow
@pytest.mark.parametrize("compiled", [True, False])
def test_no_model_stays_in_memory(compiled, request):
    if compiled:
        request.getfixturevalue("long")
    noisy = {"dropout": 0.3, "recurrent_dropout": {"scheme": "zoneout", "cell": 0.3, "hidden": 0.1}}
    kept = parts_of(trained(LSTM(3, **noisy))[0]) + parts_of(trained(GRU(3, dropout=0.3))[0])
    keras.backend.clear_session()
    gc.collect()
    assert not [part() for part in kept if part() is not None]
    assert not compat.shared_programs()
