"""The adding problem: remember two marked numbers of a long sequence and give their sum."""

from functools import partial

import numpy as np

from rnnlab.data.dataset import Dataset
from rnnlab.data.generators.drawn_splits import generated
from rnnlab.data.generators.generator_config import Adding

KNOWN = {"loss": {"perfect": 0.0, "guessing": 1 / 6}, "root_mean_squared_error": {"perfect": 0.0, "guessing": 6**-0.5}}
"""The loss of the true sum, and of the constant 1, since Var(u1 + u2) = 1/12 + 1/12 for uniform u1, u2."""


def draw(length: int, examples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return sequences [examples, length, 2] of (number, marker) and the sums [examples, 1].

    Numbers are uniform in [0, 1); one marker is in the first half of the sequence, one in the second
    (Arjovsky et al. 2016, arXiv 1511.06464).

    >>> x, y = draw(length=6, examples=1, seed=1)
    >>> float((x[..., 0] * x[..., 1]).sum()) == float(y[0, 0])
    True
    """
    random = np.random.default_rng(seed)
    numbers = random.random((examples, length), np.float32)
    markers = np.zeros_like(numbers)
    rows = np.arange(examples)
    for low, high in ((0, length // 2), (length // 2, length)):
        markers[rows, random.integers(low, high, examples)] = 1
    return np.stack([numbers, markers], axis=-1), (numbers * markers).sum(axis=1, keepdims=True)


def build(config: Adding) -> Dataset:
    """Return the problem as a regression."""
    return generated(config, partial(draw, config.length), outputs=1, vocabulary=0, known=KNOWN)
