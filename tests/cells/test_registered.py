"""Cells that are nothing but a registered step: fast at once, and known to configs, sizes and inspection."""

import keras
import numpy as np
import pytest
from keras import ops

from rnnlab.cells import StepCell
from rnnlab.cells.builtin_cells import CELLS
from rnnlab.cells.kinds import cell
from rnnlab.cells.steps import dropped, held, masked_product
from rnnlab.config import Experiment
from rnnlab.config.tree import ConfigError
from rnnlab.data.task import Task
from rnnlab.inspection.gates import gates
from rnnlab.layers import RNN
from rnnlab.models.build_model import build
from rnnlab.models.model_config import ModelConfig
from rnnlab.models.size import parameters
from rnnlab.registry import UnknownPartError
from rnnlab.section import Section


class Leak(Section):
    """Options of a leaky cell."""

    leak: float = 0.25
    """How much of the state goes on."""


def minimal(x, states, noise, p, matmul, tanh, sigmoid, see):
    """A minimal gated unit (Zhou et al. 2016)."""
    (h,) = states
    x_f, x_g = ops.split(x, 2, axis=-1)
    f = see("forget", sigmoid(x_f + masked_product(matmul, "forget", h, noise.get("recurrent"))))
    g = dropped(see("candidate", tanh(x_g + matmul("candidate", f * h))), noise, "candidate")
    h_new = held((1 - f) * h + f * g, h, noise, "hold_hidden")
    return h_new, (h_new,)


def projected(x, states, noise, p, matmul, tanh, sigmoid, see, leak):
    """A leaky cell of three units' width whose output is no state; gates by one activation of both."""
    h, slow = states
    a = sigmoid(x + matmul("recurrent", h))
    units = slow.shape[-1]
    slow = leak * slow + p["scale"] * a[:, :units] * tanh(a[:, units:])
    h = matmul("down", slow)
    return ops.concatenate([h, tanh(slow)], axis=-1), (h, slow)


def alone(x, states, noise, p, matmul, tanh, sigmoid, see):
    """Units that see only themselves: no product at all."""
    (h,) = states
    h = tanh(x + p["own"] * h)
    return h, (h,)


@pytest.fixture(autouse=True)
def registered():
    sites = ("candidate", "hold_hidden")
    cell("minimal", states=("hidden",), gates=("forget", "candidate"), products={"forget": 1, "candidate": 1}, sites=sites)(
        minimal
    )
    cell(
        "projected",
        states=("hidden", "slow"),
        gates=("a", "b"),
        options=Leak,
        sizes=lambda units, options: {"hidden": 2},
        output=lambda units, options: 2 + units,
        kernels=lambda units, options: {"down": (units, 2)},
        vectors=lambda units, options: {"scale": (units, "ones")},
    )(projected)
    cell("alone", states=("hidden",), gates=("a",), products={}, vectors=lambda units, o: {"own": (units, "ones")})(alone)
    yield
    CELLS.discard(__file__)


def both(name, x, mask=None, noise=None, **options):
    """Outputs and gradients of the fast scan and of the loop with the same weights and masks."""
    results = []
    for implementation in ("auto", "loop"):
        import tensorflow as tf

        inner = StepCell(name, 4, bias_initializer="random_normal", **options)
        layer = RNN(inner, recurrent_dropout=noise or 0.0, seed=3, return_sequences=True, implementation=implementation)
        layer.build(x.shape)
        rng = np.random.default_rng(1)
        for variable in layer.trainable_variables:
            variable.assign(rng.normal(size=variable.shape) * 0.5)
        source = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(source)
            outputs = layer(source, mask=mask, training=True)
            loss = tf.reduce_sum(outputs * tf.constant(rng.normal(size=outputs.shape), "float32"))
        weights = [variable.value for variable in layer.trainable_variables]
        results.append([outputs, *tape.gradient(loss, [source, *weights])])
    return results


NOISE = [{"scheme": "semeniuta", "rate": 0.3}, {"scheme": "zoneout", "hidden": 0.2}, 0.25]


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="gradients are taken by a tape of TensorFlow")
@pytest.mark.parametrize(
    ("name", "noise"), [("minimal", None), ("minimal", NOISE), ("projected", None), ("alone", None)], ids=str
)
@pytest.mark.parametrize("padded", [False, True])
def test_a_step_written_once_is_fast_and_has_its_gradient(name, noise, padded):
    x = np.random.default_rng(0).normal(size=(5, 7, 3)).astype("float32")
    mask = np.arange(7) < np.array([[7], [5], [3], [1], [6]]) if padded else None
    fast, loop = both(name, x, mask, noise)
    assert len(fast) > 3
    for ours, theirs in zip(fast, loop, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=2e-5)


def test_a_config_takes_its_cell_and_options_and_counts_its_weights():
    config = ModelConfig.model_validate(
        {"recurrent": [{"cell": "projected", "units": 4, "leak": 0.5}, {"cell": "alone", "units": 3}]}
    )
    task = Task("regression", (5, 7, 2), 1, "numbers")
    model = build(config, task, seed=1)
    assert model.count_params() == parameters(config, task)
    assert model.get_layer("recurrent_0").cell.leak == 0.5
    assert config.model_dump()["recurrent"][0]["leak"] == 0.5
    assert ModelConfig.model_validate(config.model_dump()) == config


def test_inspection_knows_its_gates_and_states():
    model = keras.Sequential([keras.Input((5, 2)), RNN(StepCell("minimal", 3), name="memory")])
    assert set(gates(model, np.ones((2, 5, 2), "float32"))["memory"]) == {"forget", "candidate", "hidden"}


def test_a_saved_model_loads_while_the_cell_is_registered_and_says_so_where_it_is_not(tmp_path):
    model = keras.Sequential([keras.Input((5, 2)), RNN(StepCell("projected", 3, leak=0.75), return_sequences=True)])
    model.save(tmp_path / "model.keras")
    x = np.random.default_rng(0).normal(size=(2, 5, 2)).astype("float32")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(x), model(x))
    CELLS.discard(__file__)
    with pytest.raises((UnknownPartError, TypeError), match="there is no cell 'projected'"):
        keras.models.load_model(tmp_path / "model.keras")


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ({"cell": "minmal", "units": 2}, "unknown cell 'minmal' .did you mean minimal"),
        ({"cell": "projected", "units": 2, "leek": 0.5}, "unknown key 'leek' .did you mean leak"),
        ({"cell": "projected", "units": 2, "leak": "x"}, "leak: must be a valid number|leak: must be a number"),
        ({"cell": "minimal", "units": 2, "peephole": True}, "cell: minimal has no option peephole; it has none"),
        ({"cell": "minimal", "units": 2, "recurrent_dropout": {"scheme": "rnndrop", "rate": 0.5}}, "needs a cell state"),
        ({"cell": "alone", "units": 2, "recurrent_dropout": {"site": "candidate", "rate": 0.5}}, "no site 'candidate'"),
        ({"cell": "minimal", "units": 2, "implementation": "keras"}, "Keras has no layer with the cell minimal"),
    ],
)
def test_errors_know_registered_cells(layer, message):
    document = {"name": "x", "data": {"name": "adding"}, "model": {"recurrent": [layer]}, "training": {"epochs": 1}}
    with pytest.raises(ConfigError, match=message):
        Experiment.from_dict(document)


def test_a_name_is_given_once():
    with pytest.raises(ValueError, match="there is a cell 'gru' already"):
        cell("gru", states=("hidden",), gates=("a",))(minimal)
    with pytest.raises(ValueError, match=r"has no option peep .*its options: unit_forget_bias"):
        StepCell("lstm", 3).choose({"peep": True})
