"""Copy memory: repeat the first symbols of a sequence after a long delay."""

from functools import partial
from math import log

import numpy as np

from rnnlab.data.dataset import Dataset
from rnnlab.data.generators.drawn_splits import Scores, generated
from rnnlab.data.generators.generator_config import CopyMemory

BLANK = 0


def draw(delay: int, symbols: int, kinds: int, repeat_sign: bool, examples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and targets, [examples, delay + 2 symbols] each (Arjovsky et al. 2016, arXiv 1511.06464).

    Input: the symbols, 1 to `kinds`; `delay` - 1 blanks; the sign `kinds` + 1, which says: now; blanks, or the sign again
    (Bai et al. 2018, arXiv 1803.01271). Target: blanks, then the symbols, the first of them one step after the sign.

    >>> x, y = draw(delay=3, symbols=2, kinds=4, repeat_sign=False, examples=1, seed=1)
    >>> x.tolist(), y.tolist()
    ([[2, 3, 0, 0, 5, 0, 0]], [[0, 0, 0, 0, 0, 2, 3]])
    """
    drawn = np.random.default_rng(seed).integers(1, kinds + 1, (examples, symbols), np.int32)
    x = np.full((examples, delay + 2 * symbols), BLANK, np.int32)
    y = x.copy()
    x[:, :symbols] = y[:, delay + symbols :] = drawn
    x[:, delay + symbols - 1 : None if repeat_sign else delay + symbols] = kinds + 1
    return x, y


def known(delay: int, symbols: int, kinds: int) -> Scores:
    """The scores of who copies, and of who knows when to answer but not what.

    The guesser is right at the delay + symbols blanks, and at the others gives every symbol the probability 1 / kinds.
    """
    steps = delay + 2 * symbols
    return {
        "loss": {"perfect": 0.0, "guessing": symbols * log(kinds) / steps},
        "accuracy": {"perfect": 1.0, "guessing": (delay + symbols + symbols / kinds) / steps},
    }


def build(config: CopyMemory) -> Dataset:
    """Return the problem as a label at every step: a blank or one of the symbols."""
    sizes = (config.delay, config.symbols, config.kinds)
    return generated(config, partial(draw, *sizes, config.repeat_sign), config.kinds + 1, config.kinds + 2, known(*sizes))
