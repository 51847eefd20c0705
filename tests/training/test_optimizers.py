"""What is done around a step, against NumPy: decay, L2, clipping, the pace of windows, averaging."""

from inspect import signature
from typing import Any

import keras
import numpy as np
import pytest
from pydantic import ValidationError

from rnnlab.training.builtin_optimizers import OPTIMIZERS, OWN
from rnnlab.training.optimizer_config import OPTIMIZER
from rnnlab.training.optimizers import optimizer

RANDOM = np.random.default_rng(0)
WEIGHTS = [RANDOM.normal(size=(3, 2)), RANDOM.normal(size=4)]
GRADS = [[RANDOM.normal(size=weight.shape) for weight in WEIGHTS] for _ in range(5)]


def ours(
    settings: dict[str, Any], gradients: list[list[np.ndarray]] = GRADS, paces: list[float] | None = None, begin: int = 0
) -> tuple[list[np.ndarray], Any]:
    """The weights after a step for each of the gradients; averaging begins before step `begin`."""
    made = optimizer(OPTIMIZER.validate({"name": "sgd", "learning_rate": 0.5, **settings}), paced=paces is not None)
    variables = [keras.Variable(weight.astype("float32")) for weight in WEIGHTS]
    made.build(variables)
    for step, grads in enumerate(gradients):
        if paces:
            made.pace.assign(paces[step])
        if made.section.averaging and step == begin:
            made.begun.assign(1.0)
        made.apply([keras.ops.convert_to_tensor(grad.astype("float32")) for grad in grads], variables)
    return [keras.ops.convert_to_numpy(variable) for variable in variables], made


def clipped(grads: list[np.ndarray], norm: float) -> list[np.ndarray]:
    size = np.sqrt(sum(np.sum(grad**2) for grad in grads))
    return [grad * min(1, norm / size) for grad in grads]


def test_decay_by_step_does_not_know_the_learning_rate() -> None:
    for by, share in (("step", 0.01), ("rate", 0.005)):
        expected = [weight.copy() for weight in WEIGHTS]
        for grads in GRADS:
            expected = [(1 - share) * w - 0.5 * g for w, g in zip(expected, clipped(grads, 1.0), strict=True)]
        weights, _ = ours({"weight_decay": 0.01, "weight_decay_by": by, "clip_norm": 1.0})
        for mine, theirs in zip(weights, expected, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-5)


def test_l2_is_the_gradient_of_the_squares_and_clipped_with_the_rest() -> None:
    expected = [weight.copy() for weight in WEIGHTS]
    for grads in GRADS:
        whole = clipped([g + 2 * 0.3 * w for g, w in zip(grads, expected, strict=True)], 1.0)
        expected = [w - 0.5 * g for w, g in zip(expected, whole, strict=True)]
    for mine, theirs in zip(ours({"l2": 0.3, "clip_norm": 1.0})[0], expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5)


def test_windows_of_different_lengths_are_those_of_awd_lstm() -> None:
    # AWD-LSTM: the gradient of the window's mean is clipped, the rate is scaled by the window's length.
    lengths = np.array([70.0, 35, 72, 64, 5])
    mean = 60.0
    expected = [weight.copy() for weight in WEIGHTS]
    for of_mean, length in zip(GRADS, lengths, strict=True):
        decayed = [g + 0.02 * w for g, w in zip(clipped(of_mean, 0.25), expected, strict=True)]
        expected = [w - 0.5 * length / mean * g for w, g in zip(expected, decayed, strict=True)]
    of_sum = [[g * length / mean for g in grads] for grads, length in zip(GRADS, lengths, strict=True)]
    weights, _ = ours({"clip_norm": 0.25, "weight_decay": 0.02}, of_sum, paces=list(lengths / mean))
    for mine, theirs in zip(weights, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5)


@pytest.mark.parametrize("name", ["sgd", "adam"])
@pytest.mark.parametrize("begin", [0, 2])
def test_the_mean_is_that_of_the_weights_after_every_step_since(name: str, begin: int) -> None:
    settings = {"name": name, "averaging": {"nonmonotone": 5}}
    paths = [ours(settings, GRADS[:end], begin=begin)[0] for end in range(1, 6)]
    _, made = ours(settings, begin=begin)
    for place, mean in enumerate(made.means):
        expected = np.mean([path[place] for path in paths[begin:]], axis=0)
        np.testing.assert_allclose(keras.ops.convert_to_numpy(mean), expected, rtol=1e-5)


OTHER: dict[str, dict[str, Any]] = {
    "adadelta": {"rho": 0.8, "epsilon": 1e-5},
    "adafactor": {"beta_2_decay": -0.7, "clip_threshold": 0.5, "epsilon_2": 0.01, "relative_step": False},
    "adagrad": {"initial_accumulator_value": 0.3},
    "adam": {"beta_1": 0.7, "beta_2": 0.9, "epsilon": 1e-4, "amsgrad": True},
    "adamax": {"beta_1": 0.7},
    "adamw": {"beta_2": 0.9},
    "ftrl": {"l1_regularization_strength": 0.1, "beta": 0.2, "learning_rate_power": -0.4},
    "lamb": {"beta_1": 0.8},
    "lion": {"beta_1": 0.8, "beta_2": 0.95},
    "muon": {"momentum": 0.8, "ns_steps": 3, "adam_beta_1": 0.8, "nesterov": False, "rms_rate": 0.3},
    "nadam": {"beta_1": 0.8},
    "rmsprop": {"rho": 0.7, "momentum": 0.5, "centered": True},
    "sgd": {"momentum": 0.9, "nesterov": True},
}


@pytest.mark.parametrize("settings", ["usual", "other"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_without_any_of_it_a_step_is_that_of_keras(name: str, settings: str) -> None:
    own = OTHER[name] if settings == "other" else {}
    theirs = OPTIMIZERS[name].type()(0.5, **own)
    theirs.weight_decay, theirs.adam_weight_decay = None, 0  # ours is a setting of every optimizer, 0 by itself
    variables = [keras.Variable(weight.astype("float32")) for weight in WEIGHTS]
    for grads in GRADS:
        theirs.apply([keras.ops.convert_to_tensor(grad.astype("float32")) for grad in grads], variables)
    for mine, variable in zip(ours({"name": name, **own})[0], variables, strict=True):
        np.testing.assert_array_equal(mine, keras.ops.convert_to_numpy(variable))
    if own:
        usual = ours({"name": name})[0]
        assert any((mine != plain).any() for mine, plain in zip(ours({"name": name, **own})[0], usual, strict=True))


def test_every_optimizer_of_keras_that_follows_a_gradient_has_a_name() -> None:
    known = {name for name in dir(keras.optimizers) if name[0].isupper()}
    exempt = {"Optimizer", "OptimizerMap", "LossScaleOptimizer", "MultiOptimizer", "ScheduleFreeAdamW"}
    """Bases and wrappers; the last needs other weights in evaluation than in training."""
    assert known - exempt == {kind.type().__name__ for kind in OPTIMIZERS.values()}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_setting_is_an_argument_and_others_are_refused(name: str) -> None:
    own = set(OPTIMIZERS[name].options.model_fields)
    assert own <= set(signature(OPTIMIZERS[name].type().__init__).parameters)
    values = {"nesterov": True, "amsgrad": True, "centered": True, "relative_step": True, "ns_steps": 2}
    for setting in set(OWN) - own:
        value = values.get(setting, -0.5 if setting in ("learning_rate_power", "beta_2_decay") else 0.5)
        with pytest.raises(ValidationError, match=f"{name} takes no {setting}; .* do"):
            OPTIMIZER.validate({"name": name, setting: value})


def test_a_step_is_at_most_as_long_as_it_may_be() -> None:
    _, before = WEIGHTS, [weight.astype("float32") for weight in WEIGHTS]
    free, short = ours({"name": "adam"}, GRADS[:1])[0], ours({"name": "adam", "clip_update": 0.1}, GRADS[:1])[0]
    steps = [new - old for new, old in zip(free, before, strict=True)]
    for mine, old, step in zip(short, before, clipped(steps, 0.1), strict=True):
        np.testing.assert_allclose(mine, old + step, rtol=1e-4, atol=1e-6)
    assert all((a == b).all() for a, b in zip(ours({"name": "adam", "clip_update": 1e3}, GRADS[:1])[0], free, strict=True))


def test_noise_on_the_gradient_has_its_variance_and_follows_from_seed_and_step() -> None:
    def steps(seed: int, count: int) -> list[np.ndarray]:
        config = OPTIMIZER.validate({"name": "sgd", "learning_rate": 1.0, "gradient_noise": {"variance": 0.3, "decay": 0.5}})
        made, weight = optimizer(config, seed=seed), keras.Variable(np.zeros(20_000, "float32"))
        made.build([weight])
        path = [np.zeros(20_000)]
        for _ in range(count):
            made.apply([keras.ops.zeros(20_000)], [weight])
            path.append(keras.ops.convert_to_numpy(weight))
        return [new - old for new, old in zip(path[1:], path, strict=False)]

    one, again, other = steps(1, 3), steps(1, 3), steps(2, 1)
    for t, (step, same) in enumerate(zip(one, again, strict=True)):
        assert step.var() == pytest.approx(0.3 / (1 + t) ** 0.5, rel=0.05)
        assert abs(step.mean()) < 0.02
        np.testing.assert_array_equal(step, same)
    assert abs(np.corrcoef(one[0], one[1])[0, 1]) < 0.03
    assert abs(np.corrcoef(one[0], other[0])[0, 1]) < 0.03


def test_what_release_0_1_wrote_is_no_setting() -> None:
    assert OPTIMIZER.validate({"name": "adam", "momentum": 0.0, "rho": 0.9}) == OPTIMIZERS["adam"].section()
