"""Masks follow from the seed as in Keras: a model that is built twice draws the same, and no two layers of it do."""

from itertools import combinations

import keras
import numpy as np
import pytest
from conformance.running import arrays, normal, recorded

from rnnlab.layers import GRU, LSTM, RNN, Embedding, LockedDropout
from rnnlab.noise import seed_streams

X = normal((6, 4, 8))
WORDS = np.arange(24).reshape(6, 4)


def stack(seed):
    """Every layer of ours, twice, without names of their own."""
    noisy = {"dropout": 0.5, "recurrent_dropout": 0.5, "seed": seed, "return_sequences": True}
    return keras.Sequential(
        [
            keras.Input((4,), dtype="int32"),
            Embedding(24, 8, 0.5, seed=seed),
            LSTM(8, **noisy),
            LockedDropout(0.5, seed=seed),
            LSTM(8, **noisy),
            keras.layers.Bidirectional(GRU(4, **noisy)),
            LockedDropout(0.5, seed=seed),
            GRU(8, **noisy),
        ]
    )


class Subclassed(keras.Model):
    def __init__(self, seed):
        super().__init__()
        self.one, self.two = (LSTM(8, recurrent_dropout=0.5, seed=seed, return_sequences=True) for _ in range(2))

    def call(self, x, training=False):
        return self.two(self.one(x, training=training), training=training)


def losses(model, x):
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model.fit(x, np.zeros((6, 4, 8)), epochs=3, verbose=0).history["loss"]


@pytest.mark.parametrize("seed", [7, None])
def test_a_model_built_twice_in_one_process_draws_the_same(seed):
    drawn = []
    for seeds in (seed, seed, 8):
        keras.utils.set_random_seed(3)
        model = stack(seeds)
        drawn.append(arrays([model(WORDS, training=True) for _ in range(2)]))
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert (drawn[0][0] != drawn[2][0]).any()


@pytest.mark.slow
def test_a_model_built_twice_in_one_process_trains_the_same():
    trained = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        trained.append(losses(stack(7), WORDS))
    assert trained[0] == trained[1]


@pytest.mark.parametrize("kind", [LSTM, GRU, lambda *a, **k: RNN(LSTM(*a, **k).cell, return_sequences=True)])
def test_one_seed_and_one_layer_made_twice_are_the_same_masks(kind):
    drawn = [arrays([kind(8, recurrent_dropout=0.5, seed=7, kernel_initializer="ones")(X, training=True)])[0] for _ in range(2)]
    for one in drawn:
        one /= np.abs(one).max()
    with recorded() as masks:
        for _ in range(2):
            kind(8, recurrent_dropout=0.5, seed=7)(X, training=True)
    np.testing.assert_array_equal(*masks["recurrent"])


@pytest.mark.parametrize("seed", [7, None])
def test_no_two_layers_of_a_model_share_a_mask(seed):
    """Nor do the directions of Bidirectional; the number of every equal stream is what tells them apart."""
    with recorded() as masks:
        stack(seed)(WORDS, training=True)
    for site, drawn in masks.items():
        assert len(drawn) == {"input": 5, "recurrent": 5}[site]
        drawn = [mask[:, :4] > 0 for mask in drawn]
        assert not any((a == b).mean() > 0.9 for a, b in combinations(drawn, 2)), site


def numbers(call):
    """The numbers by which the equal streams of one call were told apart."""
    known, number = [], seed_streams.Stream._number

    def noted(stream):
        known.append(number(stream))
        return known[-1]

    seed_streams.Stream._number = noted
    try:
        call()
    finally:
        seed_streams.Stream._number = number
    return known


def test_fit_and_a_call_of_a_subclassed_model_tell_its_layers_apart_alike():
    """On JAX `fit` calls no model, only its `call`: there the variables that it is given say what is one model."""
    model = Subclassed(7)
    model(X)
    assert numbers(lambda: model(X, training=True)) == [0, 1]
    model.compile("sgd", "mse")
    assert numbers(lambda: model.train_on_batch(X, np.zeros((6, 4, 8))))[:2] == [0, 1]


def test_weights_begin_as_those_of_keras_under_one_seed():
    """The seed of the noise is drawn where Keras draws its own, so that all later random numbers are the same too."""
    begun = []
    for layers in (keras.layers, None):
        keras.utils.set_random_seed(1)
        lstm, gru = (layers.LSTM, layers.GRU) if layers else (LSTM, GRU)
        model = keras.Sequential([keras.Input((4, 8)), lstm(5, return_sequences=True), gru(3), keras.layers.Dense(2)])
        begun.append(model.get_weights())
    for ours, theirs in zip(*begun, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("kind", [LSTM, GRU])
@pytest.mark.parametrize("seed", ["a", 1.5, True, [1]])
def test_a_seed_that_is_no_integer_is_refused(kind, seed):
    for make in (lambda: kind(3, seed=seed), lambda: LockedDropout(0.5, seed=seed), lambda: Embedding(3, 3, seed=seed)):
        with pytest.raises(ValueError, match="seed must be an integer or None, got"):
            make()
    assert kind(3, seed=np.int64(5)).seed == 5
