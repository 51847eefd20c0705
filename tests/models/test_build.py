"""From a config to a plain keras.Model: shapes, names, the same first weights in every variant."""

from dataclasses import replace
from itertools import product
from typing import Any

import keras
import numpy as np
import pytest
from thinning import kept

from rnnlab.data.task import KINDS, Task
from rnnlab.models.build_model import build
from rnnlab.models.initial import weights_sha256
from rnnlab.models.model_config import ModelConfig
from rnnlab.models.objective import OBJECTIVES

WORDS = Task("language_model", (4, 6), 50, "words", vocabulary=50, carried=True)
NUMBERS = Task("regression", (4, 6, 2), 3, "examples")
TIED: dict[str, Any] = {"embedding": {"width": 8}, "head": {"tie_embedding": True}}


def model(task: Task = WORDS, seed: int = 1, layers: int = 1, rest: dict[str, Any] | None = None, **layer: Any) -> keras.Model:
    rest = rest or ({"embedding": {"width": 8}} if task.vocabulary else {})
    return build(ModelConfig.model_validate({"recurrent": [{"units": 8, **layer}] * layers, **rest}), task, seed)


def inputs(task: Task) -> np.ndarray:
    random = np.random.default_rng(0)
    if task.vocabulary:
        return random.integers(0, task.vocabulary, task.batch_shape).astype("int32")
    return random.random(task.batch_shape, "float32")


def test_a_language_model_predicts_every_step_and_a_regression_the_end() -> None:
    assert model(layers=2)(inputs(WORDS)).shape == (4, 6, 50)
    assert model(NUMBERS, layers=2)(inputs(NUMBERS)).shape == (4, 3)


def test_layers_have_names_that_do_not_move() -> None:
    rest = {"embedding": {"width": 8, "dropout": 0.1}, "head": {"dropout": 0.2}}
    names = [layer.name for layer in model(layers=2, rest=rest, dropout=0.3).layers]
    assert names == ["input", "embedding", "recurrent_0", "recurrent_1", "head_dropout", "head"]


VARIANTS: list[dict[str, Any]] = [
    {"dropout": 0.3, "recurrent_dropout": 0.3},
    {"recurrent_dropout": {"scheme": "zoneout", "cell": 0.3, "hidden": 0.1}},
    {"recurrent_dropout": {"scheme": "weight_drop", "rate": 0.5}},
    {"implementation": "loop"},
    {"implementation": "keras"},
    {"implementation": "keras", "dropout": 0.3, "recurrent_dropout": 0.3},
    {"rest": {"embedding": {"width": 8, "dropout": 0.2}, "head": {"dropout": 0.5}}},
]


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_variants_with_one_seed_start_from_the_same_bits(cell: str, variant: dict[str, Any]) -> None:
    if cell == "gru" and "cell" in str(variant):
        variant = {"recurrent_dropout": {"scheme": "zoneout", "hidden": 0.1}}
    plain = model(cell=cell, layers=2)
    other = model(cell=cell, layers=2, **variant)
    for mine, theirs in zip(plain.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert weights_sha256(plain) == weights_sha256(other)
    np.testing.assert_allclose(
        plain(inputs(WORDS)), model(cell=cell, layers=2, implementation="keras")(inputs(WORDS)), atol=1e-6
    )


def test_another_seed_starts_from_other_bits_and_no_two_tensors_are_alike() -> None:
    assert weights_sha256(model(seed=1)) != weights_sha256(model(seed=2))
    kernels = [layer.get_weights() for layer in model(layers=2).layers if layer.name.startswith("recurrent")]
    assert not np.array_equal(kernels[0][0], kernels[1][0])
    assert not np.array_equal(kernels[0][1], kernels[1][1])


def test_first_weights_have_the_distributions_of_keras() -> None:
    weights = dict(zip(["embedding", "kernel", "recurrent", "bias"], model(units=64).get_weights(), strict=False))
    assert np.abs(weights["embedding"]).max() <= 0.05
    assert weights["embedding"].std() == pytest.approx(0.05 / np.sqrt(3), rel=0.1)
    assert np.abs(weights["kernel"]).max() <= np.sqrt(6 / (8 + 256))
    np.testing.assert_allclose(weights["recurrent"] @ weights["recurrent"].T, np.eye(64), atol=1e-5)
    np.testing.assert_array_equal(weights["bias"], np.repeat([0, 1, 0, 0], 64))


@pytest.mark.parametrize("layer", [{}, {"cell": "gru"}, {"bidirectional": True}, {"implementation": "keras"}], ids=str)
def test_all_weights_can_be_drawn_uniformly(layer: dict[str, Any]) -> None:
    rest: dict[str, Any] = {"initial": {"uniform": 0.3}}
    task = NUMBERS if "bidirectional" in layer else WORDS
    rest |= {"embedding": {"width": 8}} if task.vocabulary else {}
    drawn = model(task, rest=rest, **layer).get_weights()
    assert len(drawn) >= 5
    for weight in drawn:
        assert (0.2 if weight.size > 9 else 0.0) < np.abs(weight).max() <= 0.3
        assert len(np.unique(weight)) > 0.9 * weight.size
    assert len({weight.tobytes()[:8] for weight in drawn}) == len(drawn)
    noisy = model(task, rest=rest, **layer | {"dropout": 0.3, "recurrent_dropout": 0.3})
    for mine, theirs in zip(drawn, noisy.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_wide_layer_shares_a_narrow_embedding_through_a_projection() -> None:
    rest = {"embedding": {"width": 5}, "head": {"projection": 5, "tie_embedding": True, "bias": True}}
    rest["initial"] = {"uniform": 0.3, "embedding": 0.9}
    made = model(rest=rest)
    table, *_, kernel, bias, offsets = made.get_weights()
    assert (table.shape, kernel.shape, offsets.shape) == ((50, 5), (8, 5), (50,))
    assert 0.8 < np.abs(table).max() <= 0.9
    hidden = keras.Model(made.input, made.get_layer("recurrent_0").output)
    x = inputs(WORDS)
    expected = (np.asarray(hidden(x)) @ kernel + bias) @ table.T + offsets
    made.get_layer("recurrent_0").reset_state()
    np.testing.assert_allclose(made(x), expected, atol=1e-5)


def test_both_directions_start_from_weights_of_their_own() -> None:
    both = model(NUMBERS, bidirectional=True)
    assert both(inputs(NUMBERS)).shape == (4, 3)
    kernels = [weight for weight in both.get_weights() if weight.shape == (2, 32)]
    assert len(kernels) == 2
    assert not np.array_equal(*kernels)


def test_tied_weights_are_one_tensor() -> None:
    tied = model(rest=TIED)
    assert [weight.shape for weight in tied.get_weights()].count((50, 8)) == 1
    assert (8, 50) not in [weight.shape for weight in tied.get_weights()]
    hidden = keras.Model(tied.input, tied.get_layer("recurrent_0").output)
    x = inputs(WORDS)
    tied.get_layer("recurrent_0").reset_state()
    expected = np.asarray(hidden(x)) @ tied.get_weights()[0].T
    tied.get_layer("recurrent_0").reset_state()
    np.testing.assert_allclose(tied(x), expected, atol=1e-6)


@pytest.mark.parametrize("implementation", ["auto", "loop", "keras"])
def test_two_windows_are_one_long_sequence(implementation: str) -> None:
    x = np.concatenate([inputs(WORDS), inputs(WORDS)[::-1]], axis=1)
    carried = model(layers=2, implementation=implementation)
    halves = [np.asarray(carried(x[:, :6])), np.asarray(carried(x[:, 6:]))]
    long = model(replace(WORDS, batch_shape=(4, 12)), layers=2, implementation=implementation)
    np.testing.assert_allclose(np.concatenate(halves, axis=1), long(x), atol=1e-6)


@pytest.mark.parametrize(
    ("task", "variant"),
    kept([*product([WORDS, NUMBERS], VARIANTS)], (WORDS, VARIANTS[1]), (NUMBERS, VARIANTS[5])),
    ids=lambda part: getattr(part, "name", str(part)),
)
def test_a_model_trains_evaluates_saves_and_loads(task: Task, variant: dict[str, Any], tmp_path: Any) -> None:
    if task is NUMBERS and "rest" in variant:
        variant = {"rest": {"head": {"dropout": 0.5}}}
    one, objective = model(task, **variant), OBJECTIVES[task.name]
    one.compile("adam", objective.loss(), weighted_metrics=objective.metrics(task.outputs))
    x = inputs(task)
    y = np.roll(x, -1, axis=1) if task is WORDS else np.ones((4, 3), "float32")
    before = one.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)
    one.fit(x, y, batch_size=4, epochs=5, shuffle=False, verbose=0)
    after = one.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)
    assert set(before) == set(KINDS[task.name].metrics)
    assert after["loss"] < before["loss"]
    one.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    for layer in (*one.layers, *again.layers):
        if getattr(layer, "stateful", False):
            layer.reset_state()
    np.testing.assert_array_equal(one(x), again(x))


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_activation_regularisation_joins_the_training_loss_only(cell: str) -> None:
    made = model(cell=cell, ar=2.0, tar=1.0, norm_stabiliser=3.0)
    made(inputs(WORDS), training=True)
    assert len(made.losses) == 3
    made(inputs(WORDS), training=False)
    assert made.losses == []


def test_the_builtin_layer_takes_no_activation_regularisation() -> None:
    with pytest.raises(ValueError, match="implementation: keras has no option ar"):
        ModelConfig.model_validate({"recurrent": [{"units": 8, "implementation": "keras", "ar": 1.0}]})
