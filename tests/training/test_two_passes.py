"""Two passes of a batch: closed forms, the loss of a step against NumPy, states, exact resume."""

from typing import Any

import keras
import numpy as np
import pytest
from conformance.running import pulled
from pydantic import ValidationError
from scipy import special
from thinning import kept

from rnnlab.config.experiment import RunConfig
from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import PythonReference
from rnnlab.data.keras_adapter import Feed
from rnnlab.models.model_config import ModelConfig
from rnnlab.models.two_passes import NAMES, divergence, squared
from rnnlab.training.fit import compiled
from rnnlab.training.training_config import TrainingConfig

WORDS = build(PythonReference(name="python_reference", vocabulary=40, window=6, batch_size=4, limit_tokens=300))


def made(name: str | None, rate: float, weight: float = 0.7, **layer: Any) -> tuple[keras.Model, tuple]:
    model = {"embedding": {"width": 4}, "recurrent": [{"units": 5, "dropout": rate, "recurrent_dropout": rate, **layer}]}
    passes = {"name": name, "weight": weight} if name else None
    config = TrainingConfig.model_validate(
        {"epochs": 1, "consistency": passes, "optimizer": {"name": "sgd", "learning_rate": 0.5}}
    )
    return compiled(ModelConfig.model_validate(model), WORDS, config, 3), Feed(WORDS.train)[0]


def numpy(tensor: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor), np.float64)


def test_divergences_are_those_of_their_equations() -> None:
    one, other = np.random.default_rng(0).normal(size=(2, 3, 5)).astype("float32")
    p, q = special.softmax(one, axis=-1), special.softmax(other, axis=-1)
    expected = (p * np.log(p / q)).sum(-1) / 2 + (q * np.log(q / p)).sum(-1) / 2
    np.testing.assert_allclose(numpy(divergence(one, other, True)), expected, rtol=1e-4)
    p, q = special.expit(one), special.expit(other)
    both = [a * np.log(a / b) + (1 - a) * np.log((1 - a) / (1 - b)) for a, b in ((p, q), (q, p))]
    np.testing.assert_allclose(numpy(divergence(one, other, False)), sum(both).sum(-1) / 2, rtol=1e-4)
    np.testing.assert_allclose(numpy(squared(one, other)), ((one - other) ** 2).mean(-1), rtol=1e-5)


def test_the_gradient_of_the_divergence_of_classes_is_its_slope() -> None:
    one, other, along, across = (np.random.default_rng(n).normal(size=(3, 5)) for n in range(4))

    def value(step: float) -> np.ndarray:
        p, q = special.softmax(one + step * along, axis=-1), special.softmax(other + step * across, axis=-1)
        return ((p * np.log(p / q)).sum(-1) + (q * np.log(q / p)).sum(-1)) / 2

    def total(x: Any, y: Any) -> Any:
        return keras.ops.sum(divergence(x, y, True))

    operands = [keras.ops.convert_to_tensor(logits.astype("float32")) for logits in (one, other)]
    gradients = pulled(total, keras.ops.ones(()), *operands)[1]
    slope = sum((numpy(gradient) * way).sum() for gradient, way in zip(gradients, (along, across), strict=True))
    assert slope == pytest.approx((value(1e-4) - value(-1e-4)).sum() / 2e-4, rel=1e-4)


@pytest.mark.parametrize("name", kept(NAMES))
def test_equal_passes_have_the_loss_of_one(name: str) -> None:
    two, batch = made(name, 0.0, ar=0.5)
    one, _ = made(None, 0.0, ar=0.5)
    losses = [float(model.train_on_batch(*batch, return_dict=True)["loss"]) for model in (one, two)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    for mine, theirs in zip(two.get_weights(), one.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_loss_of_a_step_is_that_of_two_passes(name: str) -> None:
    model, (x, y, weights) = made(name, 0.4)
    variables = list(model.non_trainable_variables)
    before = [keras.ops.convert_to_numpy(variable) for variable in variables]
    carried = model._carried()
    assert carried
    start = [keras.ops.convert_to_numpy(state) for state in carried]
    first = numpy(model(x, training=True))
    end = [keras.ops.convert_to_numpy(state) for state in carried]
    for state, value in zip(carried, start, strict=True):
        state.assign(value)
    second = numpy(model(x, training=name != "expectation_linear"))
    assert not np.allclose(first, second)
    for variable, value in zip([*variables, *carried], [*before, *start], strict=True):
        variable.assign(value)
    loss = float(model.train_on_batch(x, y, weights, return_dict=True)["loss"])

    def entropy(logits: np.ndarray) -> np.ndarray:
        return -np.take_along_axis(special.log_softmax(logits, axis=-1), y[..., None], -1)[..., 0]

    def mean(values: np.ndarray) -> float:
        return float((values * weights).sum() / len(x))

    each = entropy(first) if name == "expectation_linear" else (entropy(first) + entropy(second)) / 2
    pair = first.astype("float32"), second.astype("float32")
    apart = numpy(divergence(*pair, True) if name == "rdrop" else squared(*pair))
    assert loss == pytest.approx(mean(each) + 0.7 * mean(apart), rel=1e-4)
    for state, value in zip(carried, end, strict=True):
        np.testing.assert_allclose(keras.ops.convert_to_numpy(state), value, atol=1e-6)


def test_evaluation_is_that_of_one_pass() -> None:
    two, batch = made("rdrop", 0.4)
    one, _ = made(None, 0.4)
    assert two.test_on_batch(*batch) == one.test_on_batch(*batch)


REFUSED = [({}, "no probabilities that diverge"), ({"distribution": "data_parallel"}, "one device")]


@pytest.mark.parametrize(("extra", "message"), REFUSED)
def test_what_two_passes_cannot_mean_is_refused(extra: dict[str, Any], message: str) -> None:
    name = "fraternal" if extra else "rdrop"
    config = {"name": "x", "data": {"name": "adding"}, "model": {"recurrent": [{"units": 3}]}}
    training = {"epochs": 1, "consistency": {"name": name, "weight": 1.0}, **extra}
    with pytest.raises(ValidationError, match=message):
        RunConfig.model_validate({**config, "training": training})
