"""What stands around the recurrent layers: residuals, skips, dense layers, attention, learned initial states."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from pydantic import ValidationError

from rnnlab import layers
from rnnlab.config.experiment import RunConfig
from rnnlab.data.task import Task
from rnnlab.errors import UserError
from rnnlab.models.build_model import build
from rnnlab.models.keras_only import keras_only
from rnnlab.models.model_config import ModelConfig
from rnnlab.models.size import parameters

TASK = Task("classification", (3, None, 2), 4, "examples", padded=True)
STEPS = Task("tagging", (3, None, 2), 4, "steps", padded=True)
KINDS: list[dict[str, Any]] = [
    {"residual": True},
    {"head": {"reads": "all"}},
    {"head": {"pooling": "attention"}},
    {"head": {"dense": [7, 6], "activation": "tanh", "projection": 3}},
    {"initial_state": "learned"},
    {"residual": True, "head": {"reads": "all", "pooling": "attention", "dense": [3]}, "initial_state": "learned"},
]


def made(task: Task = TASK, cell: str = "lstm", count: int = 3, **rest: Any) -> tuple[ModelConfig, keras.Model]:
    own = {name: rest.pop(name) for name in ("initial_state", "bidirectional") if name in rest}
    config = ModelConfig.model_validate({"recurrent": [{"cell": cell, "units": 5, **own}] * count, **rest})
    return config, build(config, task, 1)


def padded(seed: int = 0) -> tuple[np.ndarray, list[int]]:
    lengths = [6, 2, 4]
    x = np.random.default_rng(seed).normal(size=(3, 6, 2)).astype("float32")
    for row, length in enumerate(lengths):
        x[row, length:] = np.nan
    return x, lengths


def numpy(tensor: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def randomised(model: keras.Model) -> keras.Model:
    random = np.random.default_rng(1)
    model.set_weights([random.normal(0, 0.5, weight.shape) for weight in model.weights])
    return model


@pytest.mark.parametrize("rest", KINDS, ids=str)
@pytest.mark.parametrize("task", [TASK, STEPS], ids=["whole", "steps"])
def test_padding_changes_nothing_sizes_are_counted_and_files_load(rest: dict[str, Any], task: Task, tmp_path: Path) -> None:
    if task is STEPS and "pooling" in rest.get("head", {}):
        return
    config, model = made(task, **rest)
    randomised(model)
    assert model.count_params() == parameters(config, task)
    x, lengths = padded()
    outputs = numpy(model(x))
    for row, length in enumerate(lengths):
        alone = numpy(model(np.repeat(x[row : row + 1, :length], 3, axis=0)))[0]
        np.testing.assert_allclose(outputs[row][:length] if task is STEPS else outputs[row], alone, atol=1e-5)
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(numpy(keras.saving.load_model(tmp_path / "model.keras")(x)), outputs)


def states(model: keras.Model, x: np.ndarray, count: int, residual: bool) -> list[np.ndarray]:
    """The outputs [rows, steps, units] of every layer, layer by layer."""
    outputs, h = [], x
    for index in range(count):
        layer = model.get_layer(f"recurrent_{index}")
        y = numpy(layer(h))
        h = y + h if residual and index else y
        outputs.append(h)
    return outputs


def test_residuals_and_skips_are_sums_and_pairs() -> None:
    x = np.random.default_rng(0).normal(size=(3, 6, 2)).astype("float32")
    for rest, residual in (({"residual": True}, True), ({"head": {"reads": "all"}}, False)):
        _, model = made(**rest)
        randomised(model)
        outputs = states(model, x, 3, residual)
        read = outputs[-1] if residual else np.concatenate(outputs, axis=-1)
        kernel, bias = model.get_layer("head").get_weights()
        np.testing.assert_allclose(numpy(model(x)), read[:, -1] @ kernel + bias, atol=1e-5)


def test_attention_is_its_equation() -> None:
    x, lengths = padded()
    _, model = made(count=1, head={"pooling": "attention"})
    randomised(model)
    kernel, bias, score = model.get_layer("pooling").get_weights()
    out, offset = model.get_layer("head").get_weights()
    for row, length in enumerate(lengths):
        h = numpy(model.get_layer("recurrent_0")(x[row : row + 1, :length]))[0]
        e = np.exp(np.tanh(h @ kernel + bias) @ score)
        np.testing.assert_allclose(numpy(model(x))[row], (e / e.sum()) @ h @ out + offset, atol=1e-5)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_learned_state_is_what_the_layer_begins_with_and_is_trained(cell: str) -> None:
    x, _ = padded()
    x = np.nan_to_num(x)
    _, model = made(cell=cell, count=1, initial_state="learned")
    randomised(model)
    begins = model.get_layer("recurrent_0_begins").get_weights()
    assert len(begins) == (2 if cell == "lstm" else 1)
    layer = {"lstm": layers.LSTM, "gru": layers.GRU}[cell](5)
    layer.build(x.shape)
    layer.set_weights(model.get_layer("recurrent_0").get_weights())
    kernel, bias = model.get_layer("head").get_weights()
    expected = numpy(layer(x, initial_state=[np.repeat(one[None], 3, axis=0) for one in begins])) @ kernel + bias
    np.testing.assert_allclose(numpy(model(x)), expected, atol=1e-5)
    model.compile(keras.optimizers.SGD(1.0), "mse")
    model.train_on_batch(x, np.ones((3, 4), "float32"))
    assert all((new != old).any() for new, old in zip(model.get_layer("recurrent_0_begins").get_weights(), begins, strict=True))


def test_dense_layers_go_into_plain_keras_and_the_others_are_refused() -> None:
    x, _ = padded()
    for rest in KINDS:
        config, model = made(count=2, **rest)
        if rest.get("head", {}).get("dense") and not config.residual:
            np.testing.assert_allclose(numpy(keras_only(config, TASK, randomised(model))(x)), numpy(model(x)), atol=1e-5)
        else:
            with pytest.raises(UserError, match="export to keras"):
                keras_only(config, TASK, model)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValidationError, match="give 5, 6 elements"):
        ModelConfig.model_validate({"recurrent": [{"units": 5}, {"units": 6}], "residual": True})
    with pytest.raises(ValidationError, match="bidirectional layer starts from zeros"):
        made(initial_state="learned", bidirectional=True)
    words = {"name": "x", "data": {"name": "python_reference"}, "training": {"epochs": 1}}
    layer = {"embedding": {"width": 3}, "recurrent": [{"units": 3, "initial_state": "learned"}]}
    with pytest.raises(ValidationError, match=r"unless data\.carry is false"):
        RunConfig.model_validate({**words, "model": layer})
    RunConfig.model_validate({**words, "data": {"name": "python_reference", "carry": False}, "model": layer})
    with pytest.raises(UserError, match="recurrent_0 begins with a learned state"):
        made(replace(TASK, batch_shape=(3, 6, 2), carried=True), initial_state="learned")
