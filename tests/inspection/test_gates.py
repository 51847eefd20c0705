"""Gates are those of the papers' equations, on every cell, under noise, at padding, and in the built-in layers too."""

from itertools import product

import keras
import numpy as np
import pytest
from conformance.oracle import Masks, Oracle
from conformance.running import BACKEND, normal, randomise, recorded, stepwise
from conformance.table import CELLS, EVERYWHERE, NONE, PLAIN
from thinning import thinned

from rnnlab import layers
from rnnlab.inspection.gates import gates, saturation, time_constant

X = normal((3, 5, 2), 20)
PADDED = np.where((np.arange(5) < [[5], [2], [3]])[..., None], X, np.float32(0))


def model(*stack, shape=(5, 2), batch=None, masked=False):
    return keras.Sequential([keras.Input(shape, batch_size=batch), *[keras.layers.Masking()] * masked, *stack])


def builtin(cell, **arguments):
    kind = keras.layers.LSTM if cell.states == 2 else keras.layers.GRU
    return kind(3, name="layer", return_sequences=True, **cell.options, **arguments)


def variables(model):
    states = [state for layer in model.layers for state in getattr(layer, "states", None) or []]
    return [keras.ops.convert_to_numpy(variable) for variable in [*model.variables, *states]]


def same(ours, theirs, tolerance=2e-6):
    assert set(ours) == set(theirs)
    for name in ours:
        np.testing.assert_allclose(ours[name], theirs[name], atol=tolerance, err_msg=name)


CASES = thinned(product([EVERYWHERE[1], NONE], CELLS) if BACKEND == "tensorflow" else product(EVERYWHERE[1:2], CELLS[8:12:3]))


@pytest.mark.parametrize(("scheme", "cell"), CASES, ids=str)
def test_every_gate_is_the_papers(cell, scheme):
    with stepwise(), recorded() as drawn:
        layer = cell.build(scheme, return_state=False)
        looked = model(layer)
        weights = randomise(layer)
        ours = gates(looked, X, seed=3)["layer"]
    masks = Masks(scheme.noises(cell), {site: masks[0] for site, masks in drawn.items()})
    oracle = Oracle(cell, weights, masks)
    oracle(X, [np.zeros((3, 3))] * cell.states)
    for name in ours.keys() - {"hidden", "cell"}:
        np.testing.assert_allclose(ours[name], np.stack([step[name] for step in oracle.seen], 1), atol=2e-6, err_msg=name)
    assert set(oracle.seen[0]) == ours.keys() - {"hidden", "cell"}


@pytest.mark.parametrize("cell", PLAIN, ids=str)
def test_the_built_in_layer_shows_the_same_at_padding_too(cell):
    layer, theirs = cell.build(NONE, return_state=False), builtin(cell)
    looked, other = model(layer, masked=True), model(theirs, masked=True)
    randomise(layer)
    theirs.set_weights(layer.get_weights())
    ours = gates(looked, PADDED)["layer"]
    same(ours, gates(other, PADDED)["layer"])
    same({"hidden": np.nan_to_num(ours["hidden"][:, -1:][:1])}, {"hidden": looked.predict(PADDED, verbose=0)[:1, -1:]})
    assert all((np.isnan(values).any(-1) == (PADDED == 0).all(-1)).all() for values in ours.values())


@pytest.mark.parametrize("kind", [layers.GRU, keras.layers.GRU])
def test_a_layer_that_reads_backwards_is_shown_in_the_inputs_order(kind):
    ways = keras.layers.Bidirectional(kind(3, name="gru"), name="both")
    looked = model(ways)
    ways.backward_layer.set_weights(ways.forward_layer.get_weights())
    straight = gates(looked, X)
    turned = gates(looked, X[:, ::-1])
    same(straight["backward_gru"], {name: values[:, ::-1] for name, values in turned["forward_gru"].items()})


@pytest.mark.parametrize("kind", [layers.LSTM, keras.layers.LSTM])
def test_a_carried_state_is_begun_from_and_not_moved(kind):
    looked = model(kind(3, name="layer", return_sequences=True, stateful=True), shape=(None, 2), batch=3)
    whole = gates(looked, X)["layer"]
    looked.predict_on_batch(X[:, :2])
    if kind is keras.layers.LSTM and BACKEND == "jax":  # Keras carries nothing there
        for state, name in zip(looked.layers[0].states, ("hidden", "cell"), strict=True):
            state.assign(whole[name][:, 1])
    before = variables(looked)
    same(gates(looked, X[:, 2:])["layer"], {name: values[:, 2:] for name, values in whole.items()})
    same(gates(looked, X[:, :2], fresh=True)["layer"], {name: values[:, :2] for name, values in whole.items()})
    for then, now in zip(before, variables(looked), strict=True):
        np.testing.assert_array_equal(then, now)


@pytest.mark.parametrize("kind", [layers.LSTM, keras.layers.LSTM])
def test_noise_is_seen_only_with_a_seed_and_nothing_moves(kind):
    looked = model(kind(3, name="layer", dropout=0.3, recurrent_dropout=0.5, seed=1))
    before = variables(looked)
    off, first, again, other = (gates(looked, X, seed=seed)["layer"]["hidden"] for seed in (None, 1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert min(np.abs(first - other).max(), np.abs(first - off).max()) > 1e-3
    for then, now in zip(before, variables(looked), strict=True):
        np.testing.assert_array_equal(then, now)
    np.testing.assert_allclose(off[:, -1], looked.predict(X, verbose=0), atol=2e-6)


def test_saturation_counts_real_steps_of_each_unit():
    gate = np.array([[[0.05, 0.5], [0.99, 0.95]], [[0.02, 0.91], [np.nan, np.nan]]])
    below, above = saturation(gate)
    np.testing.assert_allclose(below, [2 / 3, 0])
    np.testing.assert_allclose(above, [1 / 3, 2 / 3])


def test_a_constant_gate_remembers_for_its_time_constant():
    forget = np.array([0.5, 0.9, 1.0, 0.0])
    expected = [-1 / np.log(0.5), -1 / np.log(0.9), np.inf, 0.0]
    np.testing.assert_allclose(time_constant(np.tile(forget, (2, 3, 1))), expected)
    np.testing.assert_allclose(time_constant(np.array([[[0.5], [0.8], [np.nan]]])), -2 / np.log(0.4))


def test_a_model_without_recurrence_is_refused():
    with pytest.raises(ValueError, match="has no recurrent layer to inspect: gates and states can be recorded of"):
        gates(model(keras.layers.Dense(2)), X)


@pytest.mark.parametrize("kind", [layers.RNN, keras.layers.RNN])
@pytest.mark.parametrize(
    ("cell", "called"),
    [(lambda: keras.layers.GRUCell(3), "GRUCell"), (lambda: [keras.layers.LSTMCell(3) for _ in "ab"], "StackedRNNCells")],
)
def test_a_cell_of_another_is_refused_by_name_and_leaves_the_layers_beside_it_to_be_seen(kind, cell, called):
    other = kind(cell(), return_sequences=True, name="other")
    with pytest.raises(ValueError, match=f"'other' runs a {called}, whose gates are its own; gates and states can be"):
        gates(model(other), X)
    ours = layers.LSTM(3, name="ours")
    assert list(gates(model(other, ours), X)) == ["ours"]


def test_a_layer_that_is_called_twice_is_refused():
    inputs, layer = keras.Input((5, 2)), layers.LSTM(2, return_sequences=True, name="twice")
    with pytest.raises(ValueError, match="calls its layer 'twice' 2 times"):
        gates(keras.Model(inputs, layer(layer(inputs))), X)
