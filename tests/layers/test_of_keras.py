"""Keras's own tests of layers, with our classes in the place of its own.

The files are those that Keras installs beside its layers. RNNLAB_KERAS_TESTS names another folder that holds `layers/`.
"""

import importlib.util
import os
import sys
import types
from pathlib import Path
from unittest import mock

import keras
import pytest
from keras.src.testing import TestCase

from rnnlab import cells, layers

pytestmark = pytest.mark.slow
FOLDER = Path(os.environ.get("RNNLAB_KERAS_TESTS", Path(keras.__file__).parent / "src"))
FILES = {
    "rnn/lstm": "LSTM",
    "rnn/gru": "GRU",
    "rnn/bidirectional": "Bidirectional",
    "rnn/stacked_rnn_cells": "Stacked",
    "rnn/rnn": "RNN",
}
if keras.backend.backend() == "tensorflow":  # what is not recurrent computes by Keras's own operations on every backend
    FILES |= {
        "rnn/time_distributed": "TimeDistributed",
        "core/masking": "Masking",
        "core/embedding": "Embedding",
        "core/reversible_embedding": "ReversibleEmbedding",
    }
OURS = {name: getattr(layers, name) for name in ("LSTM", "GRU", "RNN", "Bidirectional", "Embedding")}
OURS |= {"LSTMCell": cells.LSTMCell, "GRUCell": cells.GRUCell, "ReversibleEmbedding": layers.Embedding}
EXPECTED = {
    "Embedding": {"supports_masking": {False: True}},
    "Stacked": {"expected_num_seed_generators": {3: 6}},
}
"""What is true of ours where Keras's tests expect something else: argument of `run_layer_test`, Keras's value, ours.

Our Embedding hands on the mask that comes with the words, and Keras's drops it. Each of a cell's two masks has a generator of
its own with ours; with Keras's cells both have one.
"""

if not FOLDER.joinpath("layers", "rnn", "lstm_test.py").is_file():
    pytest.skip(f"{FOLDER} holds no tests of Keras", allow_module_level=True)


def test_the_documentation_has_every_exception():
    table = (Path(__file__).parents[2] / "docs" / "layers.md").read_text()
    for name, arguments in EXPECTED.items():
        for argument, values in arguments.items():
            for theirs, ours in values.items():
                called = {"Stacked": "StackedRNNCells"}.get(name, name)
                assert f"| {called} | `{argument}` | {theirs} | {ours} |" in table


def load(name):
    """The module of one of Keras's test files, in which `layers` holds our classes."""
    path, module = FOLDER / "layers" / f"{name}_test.py", f"keras.src.layers.{name.replace('/', '.')}_test"
    spec = importlib.util.spec_from_file_location(module, path)
    sys.modules[module] = importlib.util.module_from_spec(spec)  # where Keras looks for a saved class
    with mock.patch.object(keras.src, "layers", types.SimpleNamespace(**vars(keras.src.layers) | OURS)):
        spec.loader.exec_module(sys.modules[module])
    return sys.modules[module]


def expecting(run, name):
    """`run_layer_test` with what is expected of ours."""

    def run_layer_test(self, kind, init_kwargs, **expected):
        cells = init_kwargs.get("cell")
        subject = type(cells[0]) if isinstance(cells, list) else kind
        for argument, values in EXPECTED.get(name, {}).items():
            if argument in expected and subject in OURS.values():
                expected[argument] = values.get(expected[argument], expected[argument])
        return run(self, kind, init_kwargs, **expected)

    return run_layer_test


for file, name in FILES.items():
    tests = load(file)
    for kind in list(vars(tests).values()):
        if isinstance(kind, type) and issubclass(kind, TestCase) and kind.__module__ == tests.__name__:
            kind.__name__, kind.run_layer_test = f"Test{name}", expecting(kind.run_layer_test, name)
            globals()[kind.__name__] = kind
del kind, tests
