"""Temporal order: in which order two symbols, far apart among others, were seen."""

from functools import partial
from math import log

import numpy as np

from rnnlab.data.dataset import Dataset
from rnnlab.data.generators.drawn_splits import generated
from rnnlab.data.generators.generator_config import TemporalOrder

DISTRACTORS, X, Y, BEGIN, END = 4, 4, 5, 6, 7
VOCABULARY, CLASSES = 8, 4
KNOWN = {
    "loss": {"perfect": 0.0, "guessing": log(CLASSES)},
    "accuracy": {"perfect": 1.0, "guessing": 1 / CLASSES},
}
"""The metrics of the true order, and of four equal probabilities."""


def draw(length: int, examples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return sequences [examples, length] and their classes [examples]: 0 for XX, 1 XY, 2 YX, 3 YY.

    A sequence begins with a sign and ends with one; in between are four distractors, but for X or Y at one place of the second
    tenth and one of the sixth (Hochreiter & Schmidhuber 1997, Neural Computation 9(8), task 6a).

    >>> x, y = draw(length=10, examples=1, seed=2)
    >>> x.tolist(), y.tolist()
    ([[6, 5, 0, 1, 1, 5, 1, 0, 1, 7]], [3])
    """
    random = np.random.default_rng(seed)
    x = random.integers(0, DISTRACTORS, (examples, length), np.int32)
    x[:, 0], x[:, -1] = BEGIN, END
    seen = random.integers(0, 2, (2, examples), np.int32)
    for symbol, tenth in zip(seen, (1, 5), strict=True):
        places = random.integers(tenth * length // 10, (tenth + 1) * length // 10, examples)
        x[np.arange(examples), places] = np.where(symbol, Y, X)
    return x, 2 * seen[0] + seen[1]


def build(config: TemporalOrder) -> Dataset:
    """Return the problem as a classification."""
    return generated(config, partial(draw, config.length), CLASSES, VOCABULARY, KNOWN)
