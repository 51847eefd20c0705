"""Contiguous streams side by side, cut into windows, the recurrent state carried from one to the next."""

from abc import abstractmethod

import numpy as np

from rnnlab.data.dataset import Batch, Split
from rnnlab.data.splits.windows import WindowSampling, cut, windows


class Windows(Split):
    """A sequence of `size` scored steps, cut into `rows` pieces that run side by side, read in windows of `steps` steps.

    Row r of one window continues row r of the window before it. Every step is scored once. The last window and the end of the
    last rows are padded with weight zero. With a `sampling` the windows are cut anew in every epoch.
    """

    def __init__(self, size: int, rows: int, steps: int, sampling: WindowSampling | None = None):
        self.size, self.rows, self.steps, self.sampling = size, rows, steps, sampling
        self.columns = -(-size // rows)
        self.count = windows(sampling, steps, self.columns) if sampling else -(-self.columns // steps)
        self.varied = self.paced = sampling is not None

    def order(self, seed: int, epoch: int) -> np.ndarray:
        """Return [start, length] of the windows in the order of the sequence: the carried state allows no other."""
        if self.sampling:
            return cut(self.sampling, self.steps, self.columns, seed, epoch)
        return np.stack([np.arange(self.count) * self.steps, np.full(self.count, self.steps)], axis=1)

    def pace(self, items: np.ndarray) -> float:
        """Return the length of a window, the mean length being 1."""
        return float(items[1]) / self.density

    def batch(self, items: np.ndarray) -> Batch:
        """Return the window that starts at `items[0]` and has `items[1]` steps: inputs, targets, weights [rows, steps, ...]."""
        place = self.places(items)
        return Batch(*self.at(np.maximum(place, 0)), (place >= 0) * np.float32(1 / self.density))

    def places(self, items: np.ndarray) -> np.ndarray:
        """Return the numbers of the steps in that window, [rows, steps], -1 where it is padded."""
        column = int(items[0]) + np.arange(items[1])
        place = np.arange(self.rows)[:, None] * self.columns + column
        return np.where((place < self.size) & (column < self.columns), place, -1)

    @abstractmethod
    def at(self, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return inputs and targets of the steps with these numbers."""


class TokenStream(Windows):
    """A text for a language model: every token is predicted once, from the one before it; the first from `start`.

    >>> stream = TokenStream(np.array([1, 2, 3, 4, 5, 6, 7, 8]), rows=2, steps=2, start=0)
    >>> [batch.x.tolist() for batch in stream.batches(seed=1, epoch=0)]
    [[[0, 1], [4, 5]], [[2, 3], [6, 7]]]
    >>> [batch.y.tolist() for batch in stream.batches(seed=1, epoch=0)]
    [[[1, 2], [5, 6]], [[3, 4], [7, 8]]]
    """

    def __init__(self, tokens: np.ndarray, rows: int, steps: int, start: int, sampling: WindowSampling | None = None):
        super().__init__(len(tokens), rows, steps, sampling)
        self.tokens, self.start = tokens, start

    def at(self, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the tokens before these and these."""
        before, tokens = self.tokens[place - 1].astype(np.int32), self.tokens[place].astype(np.int32)
        return np.where(place == 0, np.int32(self.start), before), tokens

    def arrays(self) -> tuple[np.ndarray, ...]:
        """Return the text and the token before it."""
        return self.tokens, np.array(self.start)
