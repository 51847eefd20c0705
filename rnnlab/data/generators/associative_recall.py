"""Associative recall: which value came with this key."""

from functools import partial
from math import log

import numpy as np

from rnnlab.data.dataset import Dataset
from rnnlab.data.generators.drawn_splits import Scores, generated
from rnnlab.data.generators.generator_config import AssociativeRecall


def draw(keys: int, values: int, pairs: int, examples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return sequences [examples, 2 pairs + 3] and the values that are asked for [examples].

    Tokens: keys from 0, values from `keys`, a question mark at `keys` + `values`. A sequence: key, value, key, value, ..., two
    question marks, one of its keys (Ba et al. 2016, arXiv 1610.06258).

    >>> x, y = draw(keys=5, values=3, pairs=2, examples=1, seed=1)
    >>> x.tolist(), y.tolist()
    ([[2, 7, 4, 6, 8, 8, 2]], [2])
    """
    random = np.random.default_rng(seed)
    rows = np.arange(examples)
    chosen = random.random((examples, keys)).argsort(axis=1)[:, :pairs]
    held = random.integers(0, values, (examples, pairs))
    asked = random.integers(0, pairs, examples)
    x = np.full((examples, 2 * pairs + 3), keys + values, np.int32)
    x[:, 0 : 2 * pairs : 2], x[:, 1 : 2 * pairs : 2], x[:, -1] = chosen, keys + held, chosen[rows, asked]
    return x, held[rows, asked].astype(np.int32)


def known(values: int) -> Scores:
    """The scores of who remembers, and of who gives every value, seen or not, the same probability."""
    return {
        "loss": {"perfect": 0.0, "guessing": log(values)},
        "accuracy": {"perfect": 1.0, "guessing": 1 / values},
    }


def build(config: AssociativeRecall) -> Dataset:
    """Return the problem as a classification."""
    sizes = (config.keys, config.values, config.pairs)
    return generated(config, partial(draw, *sizes), config.values, config.keys + config.values + 1, known(config.values))
