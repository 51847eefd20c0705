"""Every part that comes with rnnlab passes the checks that are offered for your own."""

import pytest
from thinning import kept

from rnnlab import testing
from rnnlab.cells.builtin_cells import CELLS
from rnnlab.data.data_config import sections
from rnnlab.data.generators.generator_config import Generated
from rnnlab.noise.scheme import SCHEMES

OPTIONS = {
    "projected_lstm": {"projection": 2},
    "mogrifier_lstm": {"rounds": 3},
    "lstm": {"cap_input": True, "peephole": True, "layer_norm": True},
}
"""Options of cells; where there are none, those that the cell has by itself."""
DRAWN = [name for name, section in sections().items() if issubclass(section, Generated)]
FEW = {"examples": {"train": 40, "validation": 20, "test": 20}}
"""As many as every data set can draw."""


@pytest.mark.parametrize("name", kept(CELLS, "simple_rnn", "min_gru"))
def test_cells(name):
    testing.check_cell(name, **OPTIONS.get(name, {}))


@pytest.mark.parametrize("name", kept(SCHEMES, "variational_shared", "zoneout", "weight_drop_rows", "word"))
def test_schemes(name):
    testing.check_scheme(name)


@pytest.mark.parametrize("name", DRAWN)
def test_drawn_data(name):
    testing.check_dataset({"name": name, **FEW})


def test_the_language_reference():
    testing.check_dataset({"name": "python_reference", "limit_tokens": 4000})
