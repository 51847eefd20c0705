"""The fast scan's gradient is the slope of the fast scan: central differences in float64, noise at every site."""

import keras
import numpy as np
import pytest
from conformance.running import BACKEND, arrays, double, each, normal, operands, pulled, pure, stepwise
from conformance.table import LSTM, ROWS, SHORT
from thinning import kept

PADDING = np.array([[1, 1, 1, 1], [0, 1, 1, 0], [1, 0, 1, 1]], bool)
EPSILON = 1e-5
WEIGHTS = {1: 8 / 12, -1: -8 / 12, 2: -1 / 12, -2: 1 / 12}
"""The central difference of fourth order: layer normalisation bends too much for the second."""


def slope(function, cotangents, values, direction):
    """d/de of sum(cotangents * function(values + e * direction)) at e = 0."""

    def results(e):
        return function(*keras.tree.map_structure(lambda v, d: v + e * d, values, direction))

    steps = [arrays(results) for results in each(results, [EPSILON * n for n in WEIGHTS])]
    sums = [sum(np.sum(c * r) for c, r in zip(cotangents, step, strict=True)) for step in steps]
    return np.dot(list(WEIGHTS.values()), sums) / EPSILON


CASES = [(cell, scheme) for cell, scheme in ROWS if (cell is LSTM or scheme in SHORT) and scheme.sloped]
FIRST = [(cell, scheme) for cell, scheme in CASES if scheme is (SHORT[1] if cell is LSTM else SHORT[0]) or scheme in SHORT[3:]]
"""Every cell, and noise at every site. The schemes one by one are slow, and what they add does not depend on the backend."""


@pytest.mark.parametrize(("cell", "scheme"), kept(CASES if BACKEND == "tensorflow" else FIRST, *FIRST), ids=str)
def test_the_gradient_of_each_cell_under_each_scheme_is_its_slope(cell, scheme):
    with double(), stepwise():
        layer = cell.build(scheme, dtype="float64")
        values, function = operands(layer, dtype="float64"), pure(layer, PADDING)
        shapes = [(*values[1].shape[:2], layer.units), *(state.shape for state in values[2])]
        cotangents = [normal(shape, 40 + n, 1, "float64") for n, shape in enumerate(shapes)]
        _, gradients = pulled(function, [keras.ops.convert_to_tensor(c) for c in cotangents], *values)
        direction = [normal(value.shape, 100 + n, 1, "float64") for n, value in enumerate(keras.tree.flatten(values))]
        expected = slope(function, cotangents, values, keras.tree.pack_sequence_as(values, direction))
        directional = sum(np.sum(g * d) for g, d in zip(arrays(gradients), direction, strict=True))
        assert directional == pytest.approx(expected, rel=1e-7, abs=1e-8)
