"""Monte Carlo prediction is told by the model's head what its outputs are, and takes several inputs."""

import keras
import numpy as np
import pytest

from rnnlab.inspection import montecarlo
from rnnlab.inspection.outputs import CLASSES, LABELS, NUMBERS
from rnnlab.layers import LSTM

X = np.random.default_rng(0).normal(size=(6, 4, 3)).astype("float32")


def heads(activation, outputs=3):
    """The same network with logits, and with an activation at its head, in three spellings."""
    inputs = keras.Input((None, 3))
    body = LSTM(5, dropout=0.5, seed=1, name="body")(inputs)
    logits = keras.layers.Dense(outputs, name="head")(body)
    yield keras.Model(inputs, logits)
    head = keras.layers.Dense(outputs, activation=activation, name="head")
    ended = keras.Model(inputs, head(body))
    head.set_weights(keras.Model(inputs, logits).get_layer("head").get_weights())
    yield ended
    yield keras.Model(inputs, keras.layers.Activation(activation)(logits))


def means(model, link):
    return next(montecarlo.predictions(model, [X], 8, 3, link)).mean


@pytest.mark.parametrize(("activation", "link"), [("softmax", CLASSES), ("sigmoid", LABELS)])
def test_probabilities_of_the_head_are_taken_as_they_are(activation, link):
    wanted, *ours = (means(model, link) for model in heads(activation))
    for mean in ours:
        np.testing.assert_allclose(mean, wanted, atol=1e-5)
    np.testing.assert_allclose(wanted.sum(-1), 1, atol=1e-5)


@pytest.mark.parametrize(("activation", "link"), [("softmax", LABELS), ("sigmoid", CLASSES)])
def test_a_head_that_gives_something_else_is_refused(activation, link):
    _, *others = heads(activation)
    for model in others:
        with pytest.raises(ValueError, match=rf"ends in a {activation}, and what is asked for are"):
            means(model, link)
        assert means(model, NUMBERS).shape == (6, 3)


@pytest.mark.parametrize("link", [CLASSES, LABELS])
@pytest.mark.parametrize("activation", ["relu", "tanh", "softplus"])
def test_a_head_that_gives_neither_logits_nor_probabilities_is_refused(activation, link):
    for model in list(heads(activation))[1:]:
        with pytest.raises(ValueError, match=rf"ends in a {activation}, and classes or labels need one that is linear"):
            means(model, link)
        assert means(model, NUMBERS).shape == (6, 3)


@pytest.mark.parametrize("rows", [4, 1024])
def test_a_model_may_have_several_inputs(rows):
    one, two = keras.Input((None, 3), name="one"), keras.Input((2,), name="two")
    both = keras.layers.Concatenate()([LSTM(5, dropout=0.5, seed=1, name="body")(one), two])
    model = keras.Model([one, two], keras.layers.Dense(3)(both))
    named = keras.Model({"one": one, "two": two}, model([one, two]))
    second = np.ones((6, 2), "float32")
    p = montecarlo.probabilities(model, [X, second], 8, 3, rows)
    assert p.shape == (6, 3)
    np.testing.assert_allclose(p.sum(-1), 1, atol=1e-6)
    np.testing.assert_allclose(montecarlo.probabilities(named, {"one": X, "two": second}, 8, 3, rows).sum(-1), 1, atol=1e-6)
