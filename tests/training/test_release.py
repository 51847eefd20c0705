"""Runs in one process leave nothing behind."""

import gc

import keras
import numpy as np
import pytest

from rnnlab.layers import LSTM
from rnnlab.training.cleanup import Released


def alive() -> int:
    """How many models and graphs are in memory."""
    gc.collect()
    kinds = ("Functional", "FuncGraph")
    return sum(type(thing).__name__ in kinds for thing in gc.get_objects())


@pytest.mark.slow
def test_models_and_graphs_are_given_back() -> None:
    before = alive()
    for layer in (LSTM, keras.layers.LSTM):
        with Released():
            inputs = keras.Input((3, 2))
            model = keras.Model(inputs, layer(2, recurrent_dropout=0.2)(inputs))
            model.compile("sgd", "mse")
            model.fit(np.ones((4, 3, 2), "float32"), np.ones((4, 2), "float32"), verbose=0)
            assert alive() > before
            del model, inputs
        assert alive() <= before
