"""Losses and metrics against their definitions in NumPy, over batches of several widths, some positions padded."""

from collections.abc import Callable
from itertools import chain

import keras
import numpy as np
import pytest

from rnnlab.models.f1 import F1
from rnnlab.models.losses import POSITION_LOSSES, Weighted
from rnnlab.models.metrics import Perplexity
from rnnlab.models.objective import OBJECTIVES

RANDOM = np.random.default_rng(0)
WIDTHS, ROWS, OUTPUTS = (2, 9, 4), 3, 5
LOGITS = [RANDOM.normal(size=(ROWS, width, OUTPUTS)).astype("float32") for width in WIDTHS]
LABELS = [RANDOM.choice([0, 1, 3], (ROWS, width)).astype("int32") for width in WIDTHS]
FRAMES = [RANDOM.integers(0, 2, (ROWS, width, OUTPUTS)).astype("float32") for width in WIDTHS]
REAL = [RANDOM.integers(0, 2, (ROWS, width)) > 0 for width in WIDTHS]


def flat(parts: list[np.ndarray]) -> np.ndarray:
    """The real positions of all batches, one after another, in full precision."""
    return np.concatenate([part[real] for part, real in zip(parts, REAL, strict=True)]).astype(np.float64)


def surprise(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    return -(p - np.log(np.exp(p).sum(axis=-1, keepdims=True)))[np.arange(len(y)), y.astype(int)]


def frame_surprise(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    probability = 1 / (1 + np.exp(-p))
    return -np.log(np.where(y > 0, probability, 1 - probability)).sum(axis=-1)


def f1(true: np.ndarray, predicted: np.ndarray) -> float:
    return 2 * (true & predicted).sum() / (true.sum() + predicted.sum())


def macro_f1(y: np.ndarray, p: np.ndarray) -> float:
    predicted = p.argmax(axis=-1)
    return float(np.mean([f1(y == label, predicted == label) for label in sorted({*y, *predicted})]))


EXPECTED: dict[str, dict[str, Callable[[np.ndarray, np.ndarray], float]]] = {
    "language_model": {"loss": lambda y, p: surprise(y, p).mean(), "perplexity": lambda y, p: np.exp(surprise(y, p).mean())},
    "character_model": {"bits_per_character": lambda y, p: np.log2(np.exp(1)) * surprise(y, p).mean()},
    "tagging": {"accuracy": lambda y, p: (p.argmax(axis=-1) == y).mean(), "macro_f1": macro_f1},
    "forecasting": {
        "loss": lambda y, p: ((y - p) ** 2).mean(),
        "root_mean_squared_error": lambda y, p: np.sqrt(((y - p) ** 2).mean()),
        "mean_absolute_error": lambda y, p: np.abs(y - p).mean(),
    },
    "multilabel": {
        "loss": lambda y, p: frame_surprise(y, p).mean(),
        "frame_negative_log_likelihood": lambda y, p: frame_surprise(y, p).mean(),
        "micro_f1": lambda y, p: f1(y > 0, p > 0),
    },
}


@pytest.mark.parametrize("name", EXPECTED)
def test_metrics_are_those_of_all_scored_positions_together(name: str) -> None:
    objective = OBJECTIVES[name]
    targets = LABELS if name in ("language_model", "character_model", "tagging") else FRAMES
    weight = ROWS * len(WIDTHS) / sum(real.sum() for real in REAL)
    losses, metrics = [], objective.metrics(OUTPUTS)
    for y, p, real in zip(targets, LOGITS, REAL, strict=True):
        losses.append(float(objective.loss()(y, p, real * np.float32(weight))))
        for metric in metrics:
            metric.update_state(y, p, real * np.float32(weight))
    values = {"loss": np.mean(losses), **{metric.name: float(metric.result()) for metric in metrics}}
    for key, value in EXPECTED[name].items():
        assert values[key] == pytest.approx(value(flat(targets), flat(LOGITS)), rel=1e-5), key


def test_metrics_start_anew_and_without_weights_count_all() -> None:
    for metric in (metric for objective in OBJECTIVES.values() for metric in objective.metrics(OUTPUTS)):
        frames = metric.name.startswith(("frame", "micro", "root", "mean", "pinball", "average"))
        frames = frames or getattr(metric, "several", False)
        y = FRAMES if frames else LABELS
        metric.update_state(y[0], LOGITS[0])
        once = float(metric.result())
        metric.update_state(y[1], -LOGITS[1])
        assert float(metric.result()) != once
        metric.reset_state()
        metric.update_state(y[0], LOGITS[0], np.ones(y[0].shape[:2], "float32"))
        assert float(metric.result()) == pytest.approx(once, rel=1e-6)


def test_metrics_and_losses_survive_a_round_trip() -> None:
    for metric in chain.from_iterable(objective.metrics(OUTPUTS) for objective in OBJECTIVES.values()):
        again = keras.metrics.deserialize(keras.metrics.serialize(metric))
        assert again.get_config() == metric.get_config()
        assert type(again) is type(metric)
    assert keras.metrics.deserialize(keras.metrics.serialize(Perplexity(name="words"))).name == "words"
    for cell in POSITION_LOSSES:
        loss = Weighted(cell, scale=3.0)
        assert keras.losses.deserialize(keras.losses.serialize(loss)).get_config() == loss.get_config()


def test_a_sum_is_the_mean_times_the_steps_of_a_row() -> None:
    weights = [np.float32(ROWS * len(WIDTHS) / sum(real.sum() for real in REAL)) * real for real in REAL]
    density = sum(real.sum() for real in REAL) / (ROWS * len(WIDTHS))
    losses = [float(Weighted("cross_entropy", density)(*batch)) for batch in zip(LABELS, LOGITS, weights, strict=True)]
    sums = [surprise(y[real], p[real].astype(np.float64)).sum() for y, p, real in zip(LABELS, LOGITS, REAL, strict=True)]
    np.testing.assert_allclose(losses, np.array(sums) / ROWS, rtol=1e-5)


def test_an_unknown_average_is_refused() -> None:
    with pytest.raises(ValueError, match="average must be macro or micro, got 'weighted'"):
        F1(3, "weighted")
