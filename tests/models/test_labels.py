"""Metrics of several labels against the values that are computed from all predictions at once."""

from typing import Any

import keras
import numpy as np
import pytest

from rnnlab.inspection.classes import average_precision
from rnnlab.models.average_precision import AveragePrecision
from rnnlab.models.f1 import F1


def seen(metric: Any, parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> float:
    for part in parts:
        metric.update_state(*map(keras.ops.convert_to_tensor, part))
    return float(metric.result())


@pytest.mark.parametrize("seed", range(3))
def test_average_precision_and_macro_f1_are_those_of_all_predictions(seed: int) -> None:
    draw = np.random.default_rng(seed)
    true = (draw.random((200, 4)) < [0.5, 0.1, 0.3, 0.0]).astype("float32")
    logits = (2 * true - 1 + draw.normal(0, 1.5, true.shape)).astype("float32")
    weights = np.repeat([1.0, 0.0], [150, 50]).astype("float32")
    parts = [(true[at : at + 40], logits[at : at + 40], weights[at : at + 40]) for at in range(0, 200, 40)]
    real, scores = true[:150], logits[:150]
    exact = np.mean([average_precision(real[:, label], scores[:, label]) for label in range(3)])
    assert seen(AveragePrecision(4), parts) == pytest.approx(exact, abs=0.01)
    predicted = scores > 0
    both, either = (predicted * real).sum(0), predicted.sum(0) + real.sum(0)
    assert seen(F1(4, "macro", several=True), parts) == pytest.approx((2 * both / either).mean(), rel=1e-5)


def test_the_extremes_are_one_and_the_share_of_the_label() -> None:
    true = np.array([[1.0], [1.0], [0.0], [0.0]], "float32")
    assert seen(AveragePrecision(1), [(true, 20 * true - 10, np.ones(4, "float32"))]) == pytest.approx(1.0)
    assert seen(AveragePrecision(1), [(true, 0 * true, np.ones(4, "float32"))]) == pytest.approx(0.5)
