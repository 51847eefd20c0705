"""Cells by themselves, in Keras's layers, and Keras's cells in ours."""

import keras
import numpy as np
import pytest
from conformance.running import arrays, close, normal, randomise
from conformance.table import CELLS, PLAIN

from rnnlab.cells import GRUCell, LSTMCell
from rnnlab.layers import GRU, LSTM, RNN

X = normal((2, 5, 3))
SAME = {"LSTM": keras.layers.LSTM, "GRU": keras.layers.GRU}


@pytest.mark.parametrize("cell", PLAIN, ids=str)
def test_every_attribute_of_keras_is_there(cell):
    """With values that are not the defaults, on layer and cell."""
    options = {
        **{"activation": "relu", "recurrent_activation": "hard_sigmoid", "use_bias": False, "dropout": 0.2},
        **{"recurrent_dropout": 0.3, "seed": 5, "kernel_initializer": "he_normal", "recurrent_initializer": "ones"},
        **{f"{name}_regularizer": "l2" for name in ("kernel", "recurrent", "bias")},
        **{f"{name}_constraint": "non_neg" for name in ("kernel", "recurrent", "bias")},
        **({"unit_forget_bias": False} if cell.states == 2 else {"reset_after": False}),
    }
    ours, theirs = cell.layer(4, **options), SAME[cell.layer.__name__](4, **options)
    assert ours.get_config().keys() >= theirs.get_config().keys()
    assert ours.cell.get_config().keys() >= theirs.cell.get_config().keys()
    for mine, other, names in (
        (ours, theirs, vars(type(theirs))),
        (ours.cell, theirs.cell, [name for name in vars(theirs.cell) if not name.startswith("_")]),
    ):
        public = [name for name in names if not name.startswith("_") and not callable(getattr(other, name, None))]
        public += [name for name in options if hasattr(other, name)]
        for name in set(public) - {"implementation", "dropout_mask_count", "seed_generator", "input_spec"}:
            assert hasattr(mine, name), name
            value, wanted = getattr(mine, name), getattr(other, name)
            assert value == wanted or type(value) is type(wanted), name


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_cell_runs_in_the_layers_of_keras(cell):
    layer = cell.layer(4, **cell.options, return_sequences=True)
    layer(X)
    randomise(layer)
    kind = type(layer.cell)
    theirs = keras.layers.RNN(kind(4, **cell.options), return_sequences=True)
    theirs.build(X.shape)
    theirs.set_weights(layer.get_weights())
    close(arrays([theirs(X)]), arrays([layer(X)]), 1e-5)


@pytest.mark.parametrize("noise", ["recurrent", "input", "output", "recurrent_kernel", "candidate"])
@pytest.mark.parametrize("kind", [LSTMCell, GRUCell])
def test_a_cell_keeps_its_masks_for_a_sequence_in_a_layer_of_keras_and_draws_none_in_evaluation(kind, noise):
    argument = "dropout" if noise in ("input", "output") else "recurrent_dropout"
    lifetime = "batch" if noise == "recurrent_kernel" else "sequence"
    setting = {"site": noise, "rate": 0.5, "lifetime": lifetime, "scale": "train"}
    cell = kind(8, seed=1, bias_initializer="ones", **{argument: setting})
    layer = keras.layers.RNN(cell, return_sequences=True)
    layer(X)
    before = arrays([cell.seeds[noise].state.value])[0]
    quiet = arrays([layer(X)])[0]
    np.testing.assert_array_equal(arrays([cell.seeds[noise].state.value])[0], before)
    trained = [arrays([layer(X, training=True)])[0] for _ in range(2)]
    assert (trained[0] != quiet).any()
    assert (trained[0] != trained[1]).any()
    assert arrays([cell.seeds[noise].state.value])[0][1] == 2, "one draw for each of two calls"
    if noise == "output":
        zeros = trained[0] == 0
        np.testing.assert_array_equal(zeros, zeros[:, :1].repeat(5, 1))
    ours = RNN(kind(8, seed=1, bias_initializer="ones", **{argument: setting}), return_sequences=True)
    ours.build(X.shape)
    ours.set_weights(layer.get_weights())
    ours.seeds[noise].state.assign(before)
    close([trained[0]], arrays([ours(X, training=True)]), 1e-5)


def test_noise_of_every_step_in_a_layer_of_keras_is_refused():
    layer = keras.layers.RNN(LSTMCell(3, recurrent_dropout={"scheme": "zoneout", "cell": 0.5}))
    layer(X)
    with pytest.raises(ValueError, match=r"noise drawn at every step \(hold_cell\) needs rnnlab.layers.RNN"):
        layer(X, training=True)


@pytest.mark.parametrize("kind", [LSTMCell, GRUCell])
def test_a_cell_called_by_itself_draws_and_in_evaluation_takes_the_mean(kind):
    cell = kind(8, recurrent_dropout={"scheme": "semeniuta", "rate": 0.5}, dropout=0.5, seed=1)
    states = [normal((2, 8), n) for n in range(len(cell.get_initial_state(2)))]
    x = X[:, 0]
    outputs = [arrays([cell(x, states, training=True)[0]])[0] for _ in range(2)]
    assert (outputs[0] != outputs[1]).any()
    layer = RNN(kind(8, recurrent_dropout={"scheme": "semeniuta", "rate": 0.5}, dropout=0.5))
    layer.build((2, 1, 3))
    layer.set_weights(cell.get_weights())
    close(arrays([cell(x, states)[0]]), arrays([layer(X[:, :1], initial_state=states)]), 1e-6)


@pytest.mark.parametrize("kind", [LSTMCell, GRUCell])
def test_noise_given_to_the_cell_is_that_of_the_layer(kind):
    noise = {"dropout": 0.2, "recurrent_dropout": {"scheme": "naive", "rate": 0.3}, "seed": 3}
    one, other = RNN(kind(4, **noise), name="rnn"), RNN(kind(4), **noise, name="rnn")
    assert one.noise == other.noise
    one(X), other(X)
    other.set_weights(one.get_weights())
    np.testing.assert_array_equal(*arrays([one(X, training=True), other(X, training=True)]))
    again = RNN.from_config(one.get_config())
    assert again.noise == one.noise
    assert again.get_config() == one.get_config()


class Counter(keras.layers.Layer):
    """A cell that knows nothing of ours: it adds its inputs up."""

    state_size = 3

    def call(self, inputs, states):
        return inputs + states[0], [inputs + states[0]]


CLOSED = {"backwards": {"go_backwards": True}, "unrolled": {"unroll": True}, "stateful": {"stateful": True}, "plain": {}}


@pytest.mark.parametrize("options", CLOSED.values(), ids=CLOSED)
@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.layers.LSTMCell(4, dropout=0.5, seed=1),
        lambda: [keras.layers.GRUCell(4), keras.layers.LSTMCell(3)],
        lambda: keras.layers.SimpleRNNCell(4),
        Counter,
    ],
    ids=["lstm", "stack", "simple", "own"],
)
def test_cells_of_others_run_as_in_the_layer_of_keras(make, options):
    options = {"return_sequences": True, "return_state": True} | options
    for mask in (None, np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 1]], bool)):
        ours, theirs = RNN(make(), **options), keras.layers.RNN(make(), **options)
        ours.build(X.shape), theirs.build(X.shape)
        ours.set_weights(theirs.get_weights())
        for training in (False, True):
            close(arrays(ours(X, mask=mask, training=training)), arrays(theirs(X, mask=mask, training=training)), 1e-6)
    if ours.stateful:
        assert any(state.any() for state in arrays(ours.states))
        ours.reset_state()
        assert not any(state.any() for state in arrays(ours.states))


def test_a_stack_of_our_cells_equals_our_layers_one_after_the_other():
    stack = RNN([LSTMCell(4, peephole=True), GRUCell(3)], return_sequences=True)
    stack(X)
    apart = keras.Sequential([LSTM(4, peephole=True, return_sequences=True), GRU(3, return_sequences=True)])
    apart(X)
    randomise(apart)
    stack.set_weights(apart.get_weights())
    close(arrays([stack(X)]), arrays([apart(X)]), 1e-5)
    again = RNN.from_config(stack.get_config())
    assert again.get_config() == stack.get_config()
    assert [type(cell) for cell in again.cell.cells] == [LSTMCell, GRUCell]


@pytest.mark.parametrize(
    "setting", [{"dropout": 0.2}, {"recurrent_dropout": 0.2}, {"seed": 1}, {"ar": 1.0}, {"tar": 1.0}, {"norm_stabiliser": 1.0}]
)
def test_noise_for_a_cell_of_another_is_refused(setting):
    with pytest.raises(ValueError, match="the noise and the penalties of rnnlab need one of its cells, got LSTMCell"):
        RNN(keras.layers.LSTMCell(3), **setting)
    layer = RNN(keras.layers.LSTMCell(3))
    with pytest.raises(ValueError, match="the noise of LSTMCell is its own"):
        layer.dropout = 0.3


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float32"])
@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_cell_of_another_precision_computes_in_its_own(cell, policy):
    kind = type(cell.layer(4, **cell.options).cell)
    inside = {"mixed_float16": "float32", "mixed_bfloat16": "mixed_float16", "float32": "mixed_bfloat16"}[policy]
    layer = RNN(kind(4, **cell.options, dtype=inside), 0.2, 0.2, dtype=policy)
    for training in (False, True):
        output = layer(X, training=training)
        assert keras.backend.standardize_dtype(output.dtype) == layer.compute_dtype
        assert np.isfinite(arrays([output])[0].astype("float32")).all()
