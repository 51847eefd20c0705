"""Every cell under every scheme computes its paper's equation: masks as drawn in training, expectations in evaluation."""

import numpy as np
import pytest
from conformance.oracle import Masks, Oracle
from conformance.running import arrays, close, double, normal, randomise, recorded, stepwise
from conformance.table import NONE, ROWS, Scheme, lstm
from thinning import thinned_on_jax

PADDING = np.array([[1, 1, 1], [0, 1, 1], [1, 0, 1]], bool)


def compared(layer, weights, cell, scheme, training, mask=None):
    """What the layer puts out, and what the papers say."""
    x = normal((3, 3, 2), 20, dtype="float64")
    states = [normal((3, layer.units), 30 + n, 0.5, "float64") for n in range(cell.states)]
    with recorded() as drawn:
        ours = layer(x, initial_state=states, mask=mask, training=training)
    assert {site: len(masks) for site, masks in drawn.items()} == dict.fromkeys(scheme.draws(cell) if training else (), 1)
    masks = Masks(scheme.noises(cell), {site: masks[0] for site, masks in drawn.items()} if training else None)
    output, final = Oracle(cell, weights, masks)(x, states, mask)
    return arrays(list(ours)), [output, *final]


@pytest.mark.parametrize(("cell", "scheme"), thinned_on_jax(ROWS), ids=str)
def test_each_cell_under_each_scheme_is_the_papers_equation(cell, scheme):
    with double(), stepwise():
        layer = cell.build(scheme, dtype="float64")
        weights = randomise(layer)
        close(*compared(layer, weights, cell, scheme, training=True), 1e-12)
        close(*compared(layer, weights, cell, scheme, training=False, mask=PADDING), 1e-12)
        layer.implementation = "loop"
        close(*compared(layer, weights, cell, scheme, training=True, mask=PADDING), 1e-12)


@pytest.mark.parametrize("training", [True, False])
def test_zoneout_in_evaluation_is_the_expectation_of_training(training):
    """Faults zoneout#3, haste#35: in evaluation zoneout stays on, as p old and 1 - p new."""
    layer = lstm("lstm").build(Scheme("zoneout", 0.0, {"scheme": "zoneout", "cell": 0.5, "hidden": 0.25}))
    plain = lstm("lstm").build(NONE)
    randomise(layer), randomise(plain)
    x, old = normal((1, 1, 2)), [normal((1, 3), n) for n in (1, 2)]
    _, *new = arrays(list(plain(x, initial_state=old)))
    many = [np.repeat(value, 20000, 0) for value in (x, *old)]
    _, *zoned = arrays(list(layer(many[0], initial_state=many[1:], training=training)))
    for rate, before, after, ours in zip((0.25, 0.5), old, new, zoned, strict=True):
        expected = rate * before + (1 - rate) * after
        np.testing.assert_allclose(ours.mean(0, "float64"), expected[0], atol=0.02 if training else 1e-6)
