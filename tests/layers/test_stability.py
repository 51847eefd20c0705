"""Long sequences: whatever is dropped, what is carried stays bounded, since no mask ever scales it."""

import numpy as np
import pytest
from conformance.running import arrays, compiled, operands, pure
from conformance.table import CELLS, EVERYWHERE, PLAIN, Scheme

STEPS, LARGEST = 1000, 1 / 0.7
"""A candidate is at most 1, or 1 / 0.7 where its mask is scaled; a step adds one to the cell state, a GRU goes towards it."""


VARIATIONAL = Scheme("variational", 0.5, 0.5)
ROWS = [*((cell, VARIATIONAL) for cell in PLAIN), *((cell, EVERYWHERE[1]) for cell in CELLS)]


@pytest.mark.parametrize(
    ("cell", "scheme"), [*ROWS[:4], *(pytest.param(*row, marks=pytest.mark.slow) for row in ROWS[4:])], ids=str
)
def test_states_stay_bounded_over_a_thousand_steps(cell, scheme):
    """Faults 14, keras#20276, tensorflow#11650, handson-ml2#32: a scaled mask on a carried state doubles it every step."""
    layer = cell.build(scheme)
    outputs, hidden, *carried = arrays(compiled(pure(layer), xla=False)(*operands(layer, steps=STEPS)))
    assert np.abs(hidden).max() <= (1 if cell.states == 2 or scheme is VARIATIONAL else LARGEST)
    assert np.abs(outputs).max() <= LARGEST * LARGEST
    assert all(np.abs(state).max() <= LARGEST * STEPS for state in carried)
