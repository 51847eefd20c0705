"""Separate examples of one length: shuffled anew in every epoch, in batches of one size."""

import numpy as np

from rnnlab.data.dataset import Batch, Split
from rnnlab.seeds import derive


class Examples(Split):
    """Inputs [examples, steps, ...] and their targets in batches of `rows`; the last one is filled up.

    Targets are one per example, [examples, ...], or with `per_step` one per step, [examples, steps, ...].

    >>> split = Examples(np.zeros((5, 3, 1)), np.arange(5.0)[:, None], rows=2, shuffled=True)
    >>> [batch.y[batch.sample_weight > 0].ravel().tolist() for batch in split.batches(seed=1, epoch=0)]
    [[4.0, 0.0], [1.0, 2.0], [3.0]]
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, rows: int, shuffled: bool, per_step: bool = False):
        self.x, self.y, self.rows, self.shuffled = x, y, rows, shuffled
        self.scored = x.shape[1:2] if per_step else ()
        self.size = len(x) * int(np.prod(self.scored))
        self.count = -(-len(x) // rows)

    def order(self, seed: int, epoch: int) -> np.ndarray:
        """Return the examples of each batch, [batches, rows], -1 where the last batch is filled up."""
        numbers = np.arange(len(self.x))
        if self.shuffled:
            np.random.default_rng(derive(seed, "order", epoch)).shuffle(numbers)
        return np.pad(numbers, (0, -len(numbers) % self.rows), constant_values=-1).reshape(-1, self.rows)

    def batch(self, items: np.ndarray) -> Batch:
        """Return the examples with these numbers."""
        weights = (items >= 0) * np.float32(1 / self.density)
        positions = np.broadcast_to(weights.reshape(-1, *(1 for _ in self.scored)), (len(items), *self.scored))
        return Batch(self.x[items], self.y[items], positions)

    def arrays(self) -> tuple[np.ndarray, ...]:
        """Return inputs and targets."""
        return self.x, self.y
