"""Parity: whether the number of ones so far is odd."""

from functools import partial
from math import log

import numpy as np

from rnnlab.data.dataset import Dataset
from rnnlab.data.generators.drawn_splits import generated
from rnnlab.data.generators.generator_config import Parity

KNOWN = {"loss": {"perfect": 0.0, "guessing": log(2)}, "accuracy": {"perfect": 1.0, "guessing": 1 / 2}}
"""The metrics of the true parity, and of two equal probabilities, the best that is possible when one bit is missed."""


def draw(length: int, every_step: bool, examples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return bits [examples, length], and the parity of all of them [examples], or of those so far [examples, length].

    >>> x, y = draw(length=6, every_step=True, examples=1, seed=1)
    >>> x.tolist(), y.tolist()
    ([[0, 1, 1, 1, 0, 0]], [[0, 1, 0, 1, 1, 1]])
    """
    bits = np.random.default_rng(seed).integers(0, 2, (examples, length), np.int32)
    parity = (bits.cumsum(axis=1) % 2).astype(np.int32)
    return bits, parity if every_step else parity[:, -1]


def build(config: Parity) -> Dataset:
    """Return the problem as a classification, or as a label at every step."""
    return generated(config, partial(draw, config.length, config.every_step), outputs=2, vocabulary=2, known=KNOWN)
