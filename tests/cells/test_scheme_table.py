"""The table of cells and schemes in the documentation is that of the code, and what it says is so."""

from itertools import product
from pathlib import Path

import keras
import numpy as np
import pytest
from conformance.running import arrays, normal
from thinning import thinned

from rnnlab.cells import scheme_table
from rnnlab.cells.builtin_cells import CELLS
from rnnlab.models.model_config import ModelConfig
from rnnlab.models.recurrent import recurrent
from rnnlab.noise.scheme import SCHEMES

DOCUMENT = Path(__file__).parents[2] / "docs" / "schemes.md"
INSIDE = {name: scheme for name, scheme in SCHEMES.items() if scheme.arguments != ("embedding",)}


def layer(cell, name):
    """A layer of a config with the example of a scheme in every argument that takes it."""
    often = {"rate": 0.5} if name == "state_reset" else {}
    arguments = [argument for argument in INSIDE[name].arguments if argument != "embedding"]
    given = {argument: {"scheme": name, **INSIDE[name].example, **often} for argument in arguments}
    config = ModelConfig.model_validate({"recurrent": [{"cell": cell, "units": 3, **given}]})
    return recurrent(config.recurrent[0], "rnn", 1, return_sequences=True)


def test_the_documentation_shows_the_table_of_the_code():
    assert scheme_table.markdown() in DOCUMENT.read_text()


@pytest.mark.parametrize(("cell", "name"), thinned(product(CELLS, INSIDE)), ids=str)
def test_what_works_changes_what_training_computes_and_the_rest_is_refused_with_the_reason(cell, name):
    told = scheme_table.fits(CELLS[cell], name)
    if told != scheme_table.WORKS:
        with pytest.raises(ValueError, match=told.replace("(", r"\(")):
            layer(cell, name)
        return
    rnn, x = layer(cell, name), normal((30, 3, 2))
    sizes = keras.tree.flatten(rnn.cell.state_size)
    start = {"initial_state": [np.ones((30, size), "float32") for size in sizes]} if name == "state_reset" else {}
    quiet = arrays([rnn(x, **start)])[0]
    noisy = arrays([rnn(keras.ops.convert_to_tensor(x), training=True, **start)])[0]
    assert noisy.shape == (30, 3, rnn.cell.output_size)
    assert np.isfinite(noisy).all()
    changes = name not in ("none", "h_detach")  # which changes gradients alone
    assert (np.abs(noisy - quiet).max() > 1e-4) == changes
