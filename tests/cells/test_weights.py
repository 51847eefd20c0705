"""The weights of every cell: names, shapes and order of Keras where Keras has the cell, and how they start."""

import keras
import numpy as np
import pytest
from conformance.running import arrays, normal, randomise
from conformance.table import CELLS, NONE, PLAIN

from rnnlab.cells import GRUCell, LSTMCell
from rnnlab.layers import LSTM

SHAPES = {  # beside kernel (2, gates * 3), recurrent_kernel (3, gates * 3) and bias
    "peephole": {"peephole_i": (3,), "peephole_f": (3,), "peephole_o": (3,)},
    "layer_norm": {"input_gain": ("gates",), "recurrent_gain": ("gates",), "cell_gain": (3,), "cell_offset": (3,)},
}


def built(kind, **options):
    cell = kind(3, **options)
    cell.build((None, 2))
    return cell


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_each_cell_has_the_weights_that_its_options_ask_for(cell):
    width = 3 * len(cell.gates)
    expected = {"kernel": (2, width), "recurrent_kernel": (3, width)}
    if cell.options.get("use_bias", True):
        after = cell.states == 1 and cell.options.get("reset_after", True)
        expected["bias"] = (2, width) if after else (width,)
    for option, shapes in SHAPES.items():
        if cell.options.get(option):
            expected |= {name: tuple(width if size == "gates" else size for size in shape) for name, shape in shapes.items()}
    if "f" not in cell.gates:
        expected.pop("peephole_f", None)
    weights = cell.build(NONE).cell.weights
    assert [(weight.name, tuple(weight.shape)) for weight in weights] == list(expected.items())


@pytest.mark.parametrize("cell", PLAIN, ids=str)
def test_names_shapes_and_first_values_are_those_of_keras(cell):
    ours = cell.build(NONE, kernel_initializer="ones", recurrent_initializer="ones", bias_initializer="ones")
    keras_layer = getattr(keras.layers, cell.layer.__name__)
    options = {"kernel_initializer": "ones", "recurrent_initializer": "ones", "bias_initializer": "ones"} | cell.options
    theirs = keras_layer(3, **options)
    theirs.build((None, None, 2))
    assert [weight.name for weight in ours.weights] == [weight.name for weight in theirs.weights]
    for mine, other in zip(arrays([w.value for w in ours.weights]), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, [0, 1, 0, 0]), ({"coupled": True}, [-1, 0, 0]), ({"unit_forget_bias": False}, [0, 0, 0, 0])],
)
def test_the_forget_gate_starts_open(options, expected):
    """A coupled input gate that starts at sigmoid(-1) forgets 1 - sigmoid(-1) = sigmoid(1), as an LSTM does."""
    np.testing.assert_array_equal(arrays([built(LSTMCell, **options).bias.value])[0], np.repeat(expected, 3))


def test_gains_start_as_no_change_and_peepholes_closed():
    cell = built(LSTMCell, peephole=True, layer_norm=True)
    starts = {weight.name: np.unique(arrays([weight.value])[0]).tolist() for weight in cell.weights[3:]}
    assert starts == {name: [1.0] if name.endswith("gain") else [0.0] for name in starts}


@pytest.mark.parametrize("units", [0, -1, 2.5, True, "8", None])
@pytest.mark.parametrize("kind", [LSTMCell, GRUCell])
def test_units_that_are_no_positive_integer_are_refused(kind, units):
    with pytest.raises(ValueError, match=r"units must be a positive integer, got"):
        kind(units)


@pytest.mark.parametrize("make", [LSTMCell, LSTM])
def test_a_cap_on_coupled_gates_is_refused(make):
    with pytest.raises(ValueError, match="cap_input: coupled gates have i = 1 - f, which is never above the cap"):
        make(3, coupled=True, cap_input=True)


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_each_cell_obeys_keras_cell_protocol(cell):
    """Keras's own RNN layer runs our cells, and comes to what our layer comes to."""
    layer = cell.build(NONE)
    randomise(layer)
    x = normal((2, 4, 2))
    theirs = keras.layers.RNN(layer.cell, return_sequences=True, return_state=True)(x)
    for ours, other in zip(arrays(list(layer(x))), arrays(list(theirs)), strict=True):
        np.testing.assert_allclose(ours, other, atol=1e-6)
    states = layer.cell.get_initial_state(batch_size=2)
    assert [tuple(state.shape) for state in states] == [(2, 3)] * cell.states
    output, new = layer.cell(x[:, 0], states)
    assert tuple(output.shape) == (2, layer.cell.output_size)
    assert len(new) == cell.states


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_cell_reads_back_from_its_config(cell):
    first = cell.build(NONE).cell
    second = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(first))
    assert second.get_config() == first.get_config()
    assert type(second) is type(first)


def test_regularizers_and_constraints_reach_their_weights():
    cell = built(
        LSTMCell,
        kernel_regularizer=keras.regularizers.L2(0.1),
        recurrent_regularizer=keras.regularizers.L2(0.2),
        bias_regularizer=keras.regularizers.L2(0.3),
        kernel_constraint="non_neg",
        recurrent_constraint="max_norm",
        bias_constraint="unit_norm",
    )
    assert [float(weight.regularizer.l2) for weight in cell.weights] == pytest.approx([0.1, 0.2, 0.3])
    assert [type(weight.constraint).__name__ for weight in cell.weights] == ["NonNeg", "MaxNorm", "UnitNorm"]
