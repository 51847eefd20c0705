"""What the outputs of a model mean: classes, labels each by itself, or numbers."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rnnlab.data.task import Task
from rnnlab.inspection.scores import TINY, entropy, softmax, two_sided


class Link(NamedTuple):
    """From the outputs of a model to what it predicts and back, and how unsure a prediction is by itself."""

    predict: Callable[[np.ndarray], np.ndarray]
    """Outputs become probabilities, or numbers, in float64."""
    outputs: Callable[[np.ndarray], np.ndarray]
    """Outputs that mean the same as these probabilities or numbers."""
    entropy: Callable[[np.ndarray], np.ndarray]
    """The entropy of a prediction in nats; zero where it is a number."""


def _log(p: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(p, TINY))


CLASSES = Link(softmax, _log, entropy)
"""Logits (..., classes) are probabilities (..., classes)."""
LABELS = Link(
    lambda logits: two_sided(1 / (1 + np.exp(-np.asarray(logits, np.float64)))),
    lambda p: _log(p[..., 1]) - _log(p[..., 0]),
    entropy,
)
"""Logits (..., labels) are the chances (..., labels, 2) of each label to be absent or there."""
NUMBERS = Link(
    lambda outputs: np.array(outputs, np.float64), lambda numbers: numbers, lambda numbers: np.zeros(numbers.shape[:-1])
)
"""Outputs are what is predicted."""


def link(task: Task) -> Link:
    """Return what the outputs of a model for a task mean."""
    return LABELS if task.name in ("multilabel", "labelling") else CLASSES if task.kind.classes else NUMBERS
