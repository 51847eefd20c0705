"""Windows of a stream: their settings, and lengths drawn anew every epoch."""

from typing import Annotated

import numpy as np
from pydantic import Field

from rnnlab.section import Section
from rnnlab.seeds import derive

Count = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""A whole number of things, at least one."""


class WindowSampling(Section):
    """Windows of random length, as in AWD-LSTM (Merity et al. 2018, arXiv 1708.02182): Normal(window, deviation) steps.

    Training splits only. Weights, clipping and learning rate follow the length; see `rnnlab.training.optimizers.Extended`.
    """

    deviation: Annotated[float, Field(ge=0)] = 5.0
    """Standard deviation of the length, in steps."""
    half: Annotated[float, Field(ge=0, le=1)] = 0.05
    """The part of the windows that are drawn about half the window instead."""
    least: Count = 5
    """Fewest steps."""


class Windowed(Section):
    """Settings of everything that is read as a stream."""

    window: Count = 35
    """Time steps in a window: how far back the gradient goes."""
    window_sampling: WindowSampling | None = None
    """Draw the length of every training window; null cuts equal ones."""
    carry: bool = True
    """Begin a window with the state in which the one before it ended; false begins every window with zeros."""

    @property
    def steps(self) -> int | None:
        """The steps of every batch, None where they differ."""
        return None if self.window_sampling else self.window


def cut(sampling: WindowSampling, window: int, columns: int, seed: int, epoch: int) -> np.ndarray:
    """Return [start, length] of the windows that cover `columns` steps: as many in every epoch, a function of (seed, epoch).

    The lengths are drawn; what they leave or want in sum is given to or taken from windows at random, a step at a time.

    >>> cut(WindowSampling(deviation=2.0, least=2), 6, 20, seed=1, epoch=0).tolist()
    [[0, 6], [6, 9], [15, 5]]
    """
    random = np.random.default_rng(derive(seed, "windows", epoch))
    count = windows(sampling, window, columns)
    middle = np.where(random.random(count) < sampling.half, window / 2, window)
    least = min(sampling.least, columns // count)
    lengths = np.maximum(least, random.normal(middle, sampling.deviation).astype(int))
    while rest := columns - lengths.sum():
        able = np.flatnonzero(lengths > least) if rest < 0 else np.arange(count)
        lengths[random.permutation(able)[: abs(rest)]] += np.sign(rest)
    return np.stack([np.cumsum(lengths) - lengths, lengths], axis=1)


def windows(sampling: WindowSampling, window: int, columns: int) -> int:
    """Return the number of windows into which these steps are cut: that of windows of the mean length, window (1 - half /
    2)."""
    return max(1, round(columns / max(1, window * (1 - sampling.half / 2))))
