"""Keras's general test of a layer, over all our layers under schemes and options: build, call, fit, save, mixed precision."""

import keras
import pytest
from conformance.table import CELLS, EVERYWHERE, GRUS, LSTM, NAMED
from keras.src.testing import TestCase
from thinning import first

from rnnlab import layers
from rnnlab.cells import StepCell
from rnnlab.cells.builtin_cells import CELLS as REGISTERED

OPTIONS = {
    "last output": {},
    "sequences": {"return_sequences": True},
    "backwards and states": {"return_sequences": True, "return_state": True, "go_backwards": True},
    "unrolled": {"unroll": True},
    "zeros where masked": {"return_sequences": True, "zero_output_for_mask": True},
    "penalties": {"ar": 0.1, "tar": 0.2, "norm_stabiliser": 0.3, "kernel_regularizer": "l2"},
}
SAMPLE = [
    *((cell, NAMED[1 + n % (len(NAMED) - 1)], list(OPTIONS)[n % len(OPTIONS)]) for n, cell in enumerate(CELLS)),
    *((cell, scheme, "sequences") for cell in (LSTM, GRUS[0]) for scheme in (*NAMED, *EVERYWHERE)),
    *((cell, NAMED[0], option) for cell in (LSTM, GRUS[1]) for option in OPTIONS),
]
SHAPE = (2, 3, 4)


def check(kind, arguments, shape, **expected):
    """Keras's test; it fits the layer too, and saves and loads it."""
    case = TestCase()
    case.setUp()
    case.run_layer_test(kind, arguments, **expected, supports_masking=True, expected_output_shape=shape)
    case.doCleanups()


@pytest.mark.slow
@pytest.mark.parametrize(("cell", "scheme", "options"), first(SAMPLE), ids=str)
def test_recurrent_layers(cell, scheme, options):
    arguments = {"units": 3} | cell.options | scheme.arguments(cell) | OPTIONS[options]
    output = (2, 3, 3) if arguments.get("return_sequences") else (2, 3)
    shape = (output, *[(2, 3)] * cell.states) if arguments.get("return_state") else output
    check(cell.layer, arguments, shape, input_shape=SHAPE, expected_num_seed_generators=len(scheme.draws(cell)))


@pytest.mark.slow
@pytest.mark.parametrize("merge", ["concat", "sum", "ave", "mul"])
@pytest.mark.parametrize("cell", [LSTM, GRUS[1]], ids=str)
def test_both_ways(cell, merge):
    layer = cell.layer(3, recurrent_dropout=0.3, return_sequences=True, **cell.options)
    shape = (2, 3, 6 if merge == "concat" else 3)
    arguments = {"layer": layer, "merge_mode": merge}
    check(layers.Bidirectional, arguments, shape, input_shape=SHAPE, expected_num_seed_generators=2)


@pytest.mark.slow
@pytest.mark.parametrize("lifetime", ["step", "sequence", "batch"])
def test_embedding(lifetime):
    dropout = {"scheme": "word", "rate": 0.3, "lifetime": lifetime}
    arguments = {"input_dim": 5, "output_dim": 4, "dropout": dropout, "mask_zero": True}
    check(layers.Embedding, arguments, SHAPE, input_shape=(2, 3), input_dtype="int32", expected_num_seed_generators=1)


def test_locked_dropout():
    check(layers.LockedDropout, {"rate": 0.3}, SHAPE, input_shape=SHAPE, expected_num_seed_generators=1)


@pytest.mark.slow
def test_a_layer_of_cells():
    cells = [keras.layers.GRUCell(2), *(cell.layer.cell_class(3, **cell.options) for cell in (LSTM, GRUS[1]))]
    check(layers.RNN, {"cell": cells}, (2, 3), input_shape=SHAPE, expected_num_seed_generators=1)  # that of Keras's cell


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, kind in REGISTERED.items() if not kind.layer])
def test_every_other_cell(name):
    cell = StepCell(name, 4)
    noise = {"dropout": {"scheme": "locked", "rate": 0.3}, "recurrent_dropout": {"scheme": "semeniuta", "rate": 0.2}}
    noise |= {} if "candidate" in cell.sites else {"recurrent_dropout": 0.2}
    arguments = {"cell": cell, "return_sequences": True, **noise}
    check(layers.RNN, arguments, (2, 3, cell.output_size), input_shape=SHAPE, expected_num_seed_generators=2)
