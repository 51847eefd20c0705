"""Evaluation draws nothing, so looking at the validation data never changes the training."""

import keras
import numpy as np
import pytest
from conformance.running import arrays, normal, randomise
from conformance.table import EVERYWHERE, PLAIN, ROWS, Scheme
from thinning import thinned_on_jax

from rnnlab.layers import Embedding, LockedDropout
from rnnlab.noise import sampling as module


@pytest.mark.parametrize(("cell", "scheme"), thinned_on_jax(row for row in ROWS if row[0] in PLAIN[:2]), ids=str)
def test_a_layer_in_evaluation_draws_nothing(cell, scheme, monkeypatch):
    """Fault 4: Keras's recurrent layers draw, and advance their seeds, in evaluation too."""

    def never(noise, *_):
        raise AssertionError(f"a mask for {noise.site} is drawn in evaluation")

    layer = cell.build(scheme, implementation="loop")
    randomise(layer)
    before = arrays([seed.state.value for seed in layer.seeds.values()])
    monkeypatch.setattr(module, "sample", never)
    assert len(before) == len(scheme.draws(cell))
    layer(normal((2, 1, 2)))
    layer(normal((2, 1, 2)), training=False)
    np.testing.assert_array_equal(arrays([seed.state.value for seed in layer.seeds.values()]), before)


def model(seed=3):
    """Words to one number, with noise at every site. A seed and a name decide a layer's masks, so every layer has a name."""
    keras.utils.set_random_seed(1)
    options = {"seed": seed, "return_sequences": True}
    layers = [
        Embedding(9, 4, dropout=0.3, seed=seed, name="words"),
        *(cell.layer(4, name=f"rnn_{n}", **options, **EVERYWHERE[0].arguments(cell)) for n, cell in enumerate(PLAIN[:2])),
        LockedDropout(0.3, seed=seed, name="locked"),
        keras.layers.Dense(1),
    ]
    built = keras.Sequential([keras.Input((None,), dtype="int32"), *layers])
    built.compile(keras.optimizers.Adam(0.01), "mse")
    return built


def trained(network, **options):
    """Losses and final weights of a short training."""
    words, targets = np.arange(160).reshape(20, 8) % 9, normal((20, 8, 1), 5)
    history = network.fit(words, targets, batch_size=5, epochs=3, verbose=0, shuffle=False, **options)
    return history.history["loss"], network.get_weights()


@pytest.mark.slow
def test_training_is_the_same_with_and_without_validation_and_repeats():
    """Faults 4 and tensorflow#60170: same seeds, same bits, whatever is evaluated in between."""
    validation = np.arange(56).reshape(7, 8) % 9, normal((7, 8, 1), 6)
    losses, weights = trained(model())
    for options in ({"validation_data": validation, "validation_freq": 2}, {}):
        other_losses, other_weights = trained(model(), **options)
        assert other_losses == losses
        for ours, others in zip(weights, other_weights, strict=True):
            np.testing.assert_array_equal(ours, others)
    assert trained(model(seed=4))[0] != losses


@pytest.mark.slow
def test_predict_and_evaluate_are_without_noise_and_repeat():
    network, words = model(), np.arange(40).reshape(5, 8) % 9
    first = network.predict(words, verbose=0)
    trained(network, initial_epoch=2)
    assert (network.predict(words, verbose=0) != first).any()
    again, eagerly = network.predict(words, verbose=0), arrays([network(words)])[0]
    assert (network.predict(words, verbose=0) == again).all()
    np.testing.assert_allclose(again, eagerly, atol=1e-6)
    assert network.evaluate(words, np.zeros((5, 8, 1)), verbose=0) == network.evaluate(words, np.zeros((5, 8, 1)), verbose=0)


@pytest.mark.parametrize("cell", PLAIN, ids=str)
def test_what_fit_trains_on_is_noisy_and_what_it_validates_on_is_not(cell):
    """Fault keras#19645: dropout acted in evaluation on one of the paths."""
    layer = cell.build(Scheme("variational", 0.5, 0.5), return_state=False)
    network = keras.Sequential([keras.Input((None, 2)), layer])
    network.compile(keras.optimizers.SGD(0.0), "mse")
    x, y = normal((8, 5, 2)), normal((8, 5, 3), 2)
    history = network.fit(x, y, batch_size=8, epochs=3, verbose=0, validation_data=(x, y)).history
    assert len(set(history["loss"])) == 3
    assert len(set(history["val_loss"])) == 1
