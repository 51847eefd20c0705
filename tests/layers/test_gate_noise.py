"""Weight noise of some gates alone."""

import keras
import numpy as np
import pytest
from conformance.running import arrays, normal

from rnnlab.layers import GRU, LSTM
from rnnlab.models.model_config import ModelConfig


@pytest.mark.parametrize(
    ("kind", "gates", "columns"),
    [(LSTM, ["forget", "candidate"], [0, 1, 1, 0]), (GRU, "reset", [0, 1, 0]), (LSTM, [], [1, 1, 1, 1])],
)
def test_noise_is_added_to_the_weights_of_the_gates_that_are_named(kind, gates, columns):
    noise = {"scheme": "weight_noise", "sigma": 0.5, "gates": gates}
    layer = kind(3, dropout=noise, recurrent_dropout=noise, seed=1)
    layer.build((None, None, 2))
    cell = layer.cell
    drawn = {site: normal(getattr(cell, site).shape, n) for n, site in enumerate(("kernel", "recurrent_kernel", "bias"))}
    for site, change in drawn.items():
        weight = getattr(cell, site)
        noisy = arrays([cell.noisy(site, {site: keras.ops.convert_to_tensor(change)})])[0] - arrays([weight.value])[0]
        np.testing.assert_allclose(noisy, change * np.repeat(columns, 3), atol=1e-6)


def test_a_gate_that_the_cell_has_not_is_refused_by_name():
    noise = {"scheme": "weight_noise", "sigma": 0.5, "gates": ["forgt"]}
    with pytest.raises(ValueError, match=r"the cell lstm has no gate 'forgt'; its gates: .*did you mean forget"):
        LSTM(3, recurrent_dropout=noise).build((None, None, 2))
    layers = [{"cell": "lstm", "units": 3, "coupled": True, "recurrent_dropout": noise | {"gates": ["forget"]}}]
    with pytest.raises(ValueError, match="the cell lstm has no gate 'forget'; its gates: input, candidate, output"):
        ModelConfig.model_validate({"recurrent": layers})
    with pytest.raises(ValueError, match="gates go with distribution: additive"):
        LSTM(3, recurrent_dropout={"site": "recurrent_kernel", "rate": 0.1, "gates": ["forget"]})
