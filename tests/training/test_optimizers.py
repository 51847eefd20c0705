"""What is done around a step, against NumPy: decay, L2, clipping, the pace of windows, averaging."""

from typing import Any

import keras
import numpy as np
import pytest

from rnnlab.training.optimizers import optimizer
from rnnlab.training.training_config import OptimizerConfig

RANDOM = np.random.default_rng(0)
WEIGHTS = [RANDOM.normal(size=(3, 2)), RANDOM.normal(size=4)]
GRADS = [[RANDOM.normal(size=weight.shape) for weight in WEIGHTS] for _ in range(5)]


def ours(
    settings: dict[str, Any], gradients: list[list[np.ndarray]] = GRADS, paces: list[float] | None = None, begin: int = 0
) -> tuple[list[np.ndarray], Any]:
    """The weights after a step for each of the gradients; averaging begins before step `begin`."""
    made = optimizer(OptimizerConfig.model_validate({"name": "sgd", "learning_rate": 0.5, **settings}), paced=paces is not None)
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
        found, _ = ours({"weight_decay": 0.01, "weight_decay_by": by, "clip_norm": 1.0})
        for mine, theirs in zip(found, expected, strict=True):
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
    found, _ = ours({"clip_norm": 0.25, "weight_decay": 0.02}, of_sum, paces=list(lengths / mean))
    for mine, theirs in zip(found, expected, strict=True):
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


def test_without_any_of_it_a_step_is_that_of_keras() -> None:
    for name, theirs in (("sgd", keras.optimizers.SGD(0.5)), ("rmsprop", keras.optimizers.RMSprop(0.5))):
        variables = [keras.Variable(weight.astype("float32")) for weight in WEIGHTS]
        for grads in GRADS:
            theirs.apply([keras.ops.convert_to_tensor(grad.astype("float32")) for grad in grads], variables)
        for mine, variable in zip(ours({"name": name})[0], variables, strict=True):
            np.testing.assert_array_equal(mine, keras.ops.convert_to_numpy(variable))
