"""Padding changes nothing: through stacked layers, at either end, with the mask handed on by every layer."""

from functools import partial

import keras
import numpy as np
import pytest
from conformance.running import arrays, close, normal, randomise, stepwise
from conformance.table import CELLS, GRUS, LSTM, NONE, PLAIN, WIDEST, Scheme, noise
from thinning import kept

from rnnlab.layers import GRU, Bidirectional, Embedding, LockedDropout

WORDS = np.array([[3, 1, 4, 1], [5, 2, 6, 5]])
SEQUENCE = Scheme(
    "per sequence",
    [noise("input", "sequence", tied=False), noise("output", "sequence")],
    [noise("recurrent", "sequence"), noise("candidate", "sequence"), noise("cell", "sequence"), noise("recurrent_kernel")],
)
"""Masks that live a sequence do not depend on its length, so padded and unpadded input meet the same."""


PADDINGS = {"left": np.pad(WORDS, [(0, 0), (3, 0)]), "right": np.pad(WORDS, [(0, 0), (0, 3)])}


def run(cell, words, training, wrap=lambda layer: layer):
    """What embedding, the cell, locked dropout and a GRU make of words; built and weighted the same way every time."""
    x = keras.ops.convert_to_tensor(words)
    for layer in (
        Embedding(9, 2, mask_zero=True, dropout=0.3, seed=1, name="embedding"),
        wrap(cell.build(SEQUENCE, return_state=False, name="first")),
        LockedDropout(0.3, seed=2, name="locked"),
        GRU(3, seed=3, name="last", **SEQUENCE.arguments(GRUS[0])),
    ):
        if not layer.built:
            layer.build(x.shape)
        randomise(layer)
        x = layer(x, training=training)
    return arrays([x])


@pytest.mark.parametrize("cell", kept(CELLS, *WIDEST), ids=str)
def test_padded_equals_unpadded_through_stacked_layers(cell):
    """Faults 10 and 15: a mask lost after the first layer; with noise, equality needs equal masks, as here."""
    with stepwise():
        for training in (False, True):
            unpadded = run(cell, WORDS, training)
            for padded in PADDINGS.values():
                close(run(cell, padded, training), unpadded, 1e-5)


def test_padded_equals_unpadded_through_both_directions():
    wrap = partial(Bidirectional, name="both")
    with stepwise():
        for training in (False, True):
            unpadded = run(LSTM, WORDS, training, wrap)
            for padded in PADDINGS.values():
                close(run(LSTM, padded, training, wrap), unpadded, 1e-5)


def test_padding_matters_where_nobody_is_told_of_it():
    """The proof above can fail: without the mask the outputs differ."""
    layer = LSTM.build(NONE)
    randomise(layer)
    x = normal((2, 6, 2))
    blind, told = (arrays([layer(x, mask=mask)[0]])[0] for mask in (None, np.arange(6) < [[4], [4]]))
    assert np.abs(blind[:, 4:] - told[:, 4:]).max() > 0.01
    np.testing.assert_array_equal(told[:, 3], told[:, 5])


@pytest.mark.parametrize("cell", PLAIN, ids=str)
def test_a_model_hands_its_mask_to_loss_and_metrics(cell):
    """Fault 11: what stands at padded steps must not count."""
    network = keras.Sequential(
        [Embedding(9, 2, mask_zero=True), cell.build(SEQUENCE, return_state=False), keras.layers.Dense(1)]
    )
    network.compile("sgd", "mse")
    losses = []
    for filler in (0.0, 1e3):
        targets = np.full((2, 7, 1), filler)
        targets[:, :4] = normal((2, 4, 1))
        losses.append(network.evaluate(PADDINGS["right"], targets, verbose=0))
    assert losses[0] == losses[1]
