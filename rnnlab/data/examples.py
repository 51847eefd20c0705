"""Separate examples: shuffled anew in every epoch, in batches of one size."""

import numpy as np

from rnnlab.data.dataset import Batch, Split
from rnnlab.seeds import derive


class Examples(Split):
    """Inputs [examples, steps, features] and targets [examples, outputs] in batches of `rows`; the last one is filled up.

    >>> split = Examples(np.zeros((5, 3, 1)), np.arange(5.0)[:, None], rows=2, shuffled=True)
    >>> [batch.y[batch.sample_weight > 0].ravel().tolist() for batch in split.batches(seed=1, epoch=0)]
    [[4.0, 0.0], [1.0, 2.0], [3.0]]
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, rows: int, shuffled: bool):
        self.x, self.y, self.rows, self.shuffled = x, y, rows, shuffled
        self.size = len(x)
        self.count = -(-self.size // rows)

    def order(self, seed: int, epoch: int) -> np.ndarray:
        """Return the examples of each batch, [batches, rows], -1 where the last batch is filled up."""
        numbers = np.arange(self.size)
        if self.shuffled:
            np.random.default_rng(derive(seed, "order", epoch)).shuffle(numbers)
        return np.pad(numbers, (0, -self.size % self.rows), constant_values=-1).reshape(-1, self.rows)

    def batch(self, items: np.ndarray) -> Batch:
        """Return the examples with these numbers."""
        return Batch(self.x[items], self.y[items], (items >= 0) * np.float32(1 / self.density))

    def arrays(self) -> tuple[np.ndarray, ...]:
        """Return inputs and targets."""
        return self.x, self.y
