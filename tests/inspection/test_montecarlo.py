"""Monte Carlo prediction: probabilities averaged, draws of its own, tiling no different from looping in distribution."""

import keras
import numpy as np
import pytest
from thinning import kept

from rnnlab import layers
from rnnlab.inspection import montecarlo


def classifier(dropout=0.5, recurrent_dropout=0.5, **options):
    keras.utils.set_random_seed(3)
    inputs = keras.Input((4, 2))
    h = layers.LSTM(6, dropout=dropout, recurrent_dropout=recurrent_dropout, seed=1, name="a", **options)(inputs)
    return keras.Model(inputs, keras.layers.Dense(3, kernel_initializer="normal", name="head")(h))


def softmax(logits):
    return np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)


X = np.random.default_rng(0).normal(size=(5, 4, 2)).astype("float32")


def test_average_of_probabilities_of_the_models_own_passes():
    model = classifier()
    with montecarlo.drawing(model, 7, 0):
        passes = keras.ops.convert_to_numpy(model(np.concatenate([X] * 3), training=True)).reshape(3, 5, 3)
    np.testing.assert_allclose(montecarlo.probabilities(model, X, 3, seed=7), softmax(passes).mean(0), rtol=1e-6)


def test_the_seed_decides_and_training_goes_on_undisturbed():
    model = classifier()
    before = [keras.ops.convert_to_numpy(v) for v in model.variables]
    first, again, other = (montecarlo.probabilities(model, X, 4, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-4
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(variable), value)


@pytest.mark.parametrize("rows", [2, 5, 12, 1000])
def test_no_call_has_more_rows_than_allowed(rows, monkeypatch):
    calls = []
    monkeypatch.setattr(montecarlo, "noisy_call", lambda model: lambda x: calls.append(len(x)) or np.zeros((len(x), 3)))
    assert montecarlo.probabilities(classifier(), X, 7, seed=3, rows=rows).shape == (5, 3)
    assert max(calls) <= rows
    assert sum(calls) == 7 * len(X)


@pytest.mark.parametrize("rows", kept([1000, 2]))
def test_any_memory_bound_gives_the_same_expectation(rows):
    model = classifier()
    few = montecarlo.probabilities(model, X, 400, seed=3, rows=rows)
    np.testing.assert_allclose(few, montecarlo.probabilities(model, X, 4000, seed=4), atol=0.03)


def test_without_noise_every_pass_is_the_prediction():
    model = classifier(0.0, 0.0)
    drawn = montecarlo.regression(model, X, 3, seed=1)
    np.testing.assert_allclose(drawn.mean, model.predict(X, verbose=0), atol=1e-6)
    np.testing.assert_allclose(drawn.variance, 0, atol=1e-12)


def test_mean_and_variance_of_a_regression():
    model = classifier()
    drawn = montecarlo.regression(model, X, 3, seed=7)
    with montecarlo.drawing(model, 7, 0):
        passes = keras.ops.convert_to_numpy(model(np.concatenate([X] * 3), training=True)).reshape(3, 5, 3)
    np.testing.assert_allclose(drawn.mean, passes.mean(0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(drawn.variance, passes.var(0), rtol=1e-4, atol=1e-7)


def test_a_mask_shared_by_the_batch_is_drawn_anew_for_every_sample():
    model = classifier(0.0, {"scheme": "weight_drop", "rate": 0.5})
    assert montecarlo.regression(model, X, 2, seed=1).variance.max() > 1e-9


def language_model(rate):
    words = keras.Input(batch_shape=(2, 3), dtype="int32")
    h = layers.Embedding(5, 4, name="embedding", embeddings_initializer=keras.initializers.RandomNormal(seed=2))(words)
    h = layers.GRU(6, recurrent_dropout=rate, seed=1, stateful=True, return_sequences=True, name="a")(h)
    return keras.Model(words, keras.layers.Dense(5, name="head")(h))


def test_a_stream_keeps_its_masks_and_its_state_from_window_to_window():
    model = language_model(0.5)
    ids = np.random.default_rng(0).integers(0, 5, (2, 7)).astype("int32")
    windows = [(ids[:, :3], ids[:, 1:4]), (ids[:, 3:6], ids[:, 4:7])]
    drawn = montecarlo.predictions(model, [x for x, _ in windows], samples=2, seed=3)
    cut = [np.take_along_axis(part.mean, y[..., None], -1)[..., 0] for part, (_, y) in zip(drawn, windows, strict=True)]
    whole = keras.Input(batch_shape=(2, 6), dtype="int32")
    long = keras.Model(whole, model.layers[3](model.layers[2](model.layers[1](whole))))
    expected = np.zeros((2, 6))
    for number in range(2):
        model.layers[2].reset_state()
        with montecarlo.drawing(model, 3, number):
            probabilities = softmax(keras.ops.convert_to_numpy(long(ids[:, :6], training=True)))
        expected += np.take_along_axis(probabilities, ids[:, 1:7, None], -1)[..., 0] / 2
    np.testing.assert_allclose(np.concatenate(cut, 1), expected, rtol=1e-4)


def test_wrong_counts_are_refused():
    with pytest.raises(ValueError, match="samples and rows must be at least 1, got 0 and 1024"):
        montecarlo.probabilities(classifier(), X, 0, seed=1)
