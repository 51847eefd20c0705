"""Gradients against finite differences, and memory and gradients that have a closed form."""

import keras
import numpy as np
import pytest
from conformance.running import BACKEND, normal, once
from thinning import kept

from rnnlab import layers
from rnnlab.inspection.flow import gradient_flow
from rnnlab.inspection.gates import gates
from rnnlab.inspection.memory import perturbation, sizes
from rnnlab.inspection.recorded_pass import Passes

X = normal((3, 6, 2), 20)
KINDS = [layers.LSTM, keras.layers.LSTM, layers.GRU, keras.layers.GRU]


def tagger(kind, units=4, backwards=False, **options):
    """Two recurrent layers with a prediction at every step."""
    inputs = keras.Input((6, 2))
    h = kind(units, return_sequences=True, name="below", seed=1, **options)(inputs)
    h = kind(units, return_sequences=True, name="above", seed=2, **options)(h)
    model = keras.Model(inputs, keras.layers.Dense(2, name="head")(h))
    model.compile(loss="mse")
    for n, weight in enumerate(model.trainable_variables):
        weight.assign(normal(weight.shape, n, 0.6))
    return model


def single(kind, forget, units=3, **options):
    """One layer without recurrent weights or bias whose forget (update) gate is constant, and a loss of its last output."""
    layer = kind(units, name="layer", **options)
    model = keras.Sequential([keras.Input((6, 2)), layer])
    model.compile(loss=lambda y, outputs: keras.ops.sum(outputs, axis=-1))
    gate = 1 if len(layer.state_size) == 2 else 0
    kernel, recurrent, bias = layer.get_weights()
    kernel[:, gate * units : (gate + 1) * units] = 0
    bias[...] = 0
    bias[..., gate * units : (gate + 1) * units] = np.log(forget / (1 - forget)) / (1 if bias.ndim == 1 else 2)
    layer.set_weights([kernel, np.zeros_like(recurrent), bias])
    return model


@pytest.mark.parametrize("kind", kept(KINDS if BACKEND == "tensorflow" else KINDS[:2]))
def test_the_norms_are_those_of_finite_differences(kind):
    model = tagger(kind)
    y = normal((3, 6, 2), 5)
    flow = gradient_flow(model, X, y)
    passes = Passes(model)
    states = {name: passage.states for name, passage in passes.passages(X).items()}
    loss, values = keras.losses.MeanSquaredError(), [v.value for v in passes._variables]
    predicted = once(lambda nudges: passes._call(values, keras.ops.convert_to_tensor(X), nudges)[0])

    def losses(name, state, s, row, unit, by):
        nudges = {other: [np.zeros_like(value) for value in of] for other, of in states.items()}
        nudges[name][state][s, row, unit] += by
        tensors = keras.tree.map_structure(keras.ops.convert_to_tensor, {k: tuple(v) for k, v in nudges.items()})
        return keras.ops.convert_to_numpy(loss.call(y, predicted(tensors))).astype("float64")

    picks = np.stack([_pick(t) for t in range(6)])
    norms = Passes(model).gradients(X, lambda p: loss.call(y, p), picks, _zero(states))

    for name, of in states.items():
        for state in range(len(of)):
            for s in (1,):
                slopes = np.stack(
                    [
                        [
                            (losses(name, state, s, row, unit, 0.01) - losses(name, state, s, row, unit, -0.01))[row] / 0.02
                            for unit in range(4)
                        ]
                        for row in range(3)
                    ]
                )  # rows, units, loss steps
                assert np.abs(slopes[..., :s]).max() == 0
                expected = np.sqrt(np.square(slopes).sum(axis=1))
                np.testing.assert_allclose(norms[name][state][:, s].T, expected, atol=3e-4 * expected.max())
    assert {name: sorted(of) for name, of in flow.items()} == {
        name: ["cell", "hidden"][-len(of) :] for name, of in states.items()
    }


def _pick(t):
    return np.tile((np.arange(6) == t).astype("float32"), (3, 1))


def _zero(states):
    return {name: tuple(np.zeros_like(value) for value in of) for name, of in states.items()}


def test_a_lag_is_the_mean_over_its_pairs_and_padding_does_not_count():
    model = tagger(layers.GRU)
    y, weight = normal((3, 6, 2), 5), (np.arange(6) < [[6], [5], [4]]).astype("float32")
    loss = keras.losses.MeanSquaredError().call
    norms = Passes(model).gradients(
        X,
        lambda p: loss(y, p),
        np.stack([_pick(t) * weight for t in range(6)]),
        {name: tuple(np.zeros((6, 3, 4), "float32") for _ in "h") for name in ("below", "above")},
    )
    flow = gradient_flow(model, X, y, weight)["below"]["hidden"]
    for lag in range(6):
        pairs = [norms["below"][0][t, t - lag, row] for t in range(max(lag, 3), 6) for row in range(3) if weight[row, t]]
        np.testing.assert_allclose(flow[lag], np.mean(pairs), rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_constant_gate_keeps_gradient_and_perturbation_by_its_powers(kind):
    f = 0.8
    model = single(kind, f)
    backbone = "cell" if "LSTM" in kind.__name__ else "hidden"
    flow = gradient_flow(model, X, np.zeros(3, "float32"))["layer"][backbone]
    first = 1 if backbone == "cell" else 0
    np.testing.assert_allclose(flow[first:] / flow[first], f ** np.arange(6 - first), rtol=1e-4)
    assert first == 0 or flow[0] == 0
    seen = perturbation(model, X)
    np.testing.assert_allclose(seen.relative["layer"][backbone], f ** np.arange(6), rtol=1e-4)
    assert seen.distance["layer"][backbone][0] > 0.01


def test_zoneout_keeps_more_than_its_gate():
    f, held = 0.5, 0.6
    model = single(layers.LSTM, f, recurrent_dropout={"scheme": "zoneout", "cell": held, "hidden": 0.0})
    kept = held + (1 - held) * f
    np.testing.assert_allclose(gates(model, X)["layer"]["retained"], kept, rtol=1e-5)
    flow = gradient_flow(model, X, np.zeros(3, "float32"))["layer"]["cell"]
    np.testing.assert_allclose(flow[2:] / flow[1:-1], kept, rtol=1e-4)


def test_a_layer_that_reads_backwards_counts_in_its_own_direction():
    both = keras.layers.Bidirectional(layers.GRU(3, name="gru", return_sequences=True), name="both")
    model = keras.Sequential([keras.Input((6, 2)), both, keras.layers.Dense(1)])
    model.compile(loss="mse")
    y = normal((3, 6, 1), 5)
    there = gradient_flow(model, X, y)
    seen = perturbation(model, X, places=6)
    weights = both.forward_layer.get_weights()
    both.forward_layer.set_weights(both.backward_layer.get_weights())
    both.backward_layer.set_weights(weights)
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([np.concatenate([kernel[3:], kernel[:3]]), bias])
    back = gradient_flow(model, X[:, ::-1], y[:, ::-1])
    np.testing.assert_allclose(back["backward_gru"]["hidden"], there["forward_gru"]["hidden"], rtol=1e-4)
    assert np.isfinite(seen.relative["backward_gru"]["hidden"]).all()
    assert seen.relative["backward_gru"]["hidden"][0] == 1


def test_padding_is_neither_seen_nor_exchanged():
    inputs = keras.Input((6,), dtype="int32")
    h = layers.LSTM(3, name="layer")(keras.layers.Embedding(9, 4, mask_zero=True)(inputs))
    model = keras.Model(inputs, h)
    model.compile(loss=lambda y, outputs: keras.ops.sum(outputs, axis=-1))
    x = np.array([[1, 2, 3, 4, 5, 6], [7, 8, 1, 0, 0, 0]], "int32")
    short = gradient_flow(model, x[1:], np.zeros(1))["layer"]["hidden"]
    assert np.isnan(short[3:]).all()
    assert np.isfinite(short[:3]).all()
    np.testing.assert_allclose(
        gradient_flow(model, x, np.zeros(2))["layer"]["hidden"][3:],
        gradient_flow(model, x[:1], np.zeros(1))["layer"]["hidden"][3:],
        rtol=1e-5,
    )
    assert np.isnan(sizes(gates(model, x[1:]))["layer"]["cell"][3:]).all()


def test_a_model_without_a_loss_is_told_so():
    model = keras.Sequential([keras.Input((6, 2)), layers.GRU(2)])
    with pytest.raises(ValueError, match="has no loss: compile it, or name one by loss="):
        gradient_flow(model, X, np.zeros(3))
