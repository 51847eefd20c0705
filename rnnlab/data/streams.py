"""Text for language models: contiguous streams side by side, cut into windows, the state carried from one to the next."""

import numpy as np

from rnnlab.data.dataset import Batch, Split


class Stream(Split):
    """A text cut into `rows` pieces that run side by side, read in windows of `steps` tokens.

    Row r of one window goes on where row r of the window before it stopped. Every token is predicted once, from the one
    before it; the first from `start`. The last window and the end of the last rows are padded with weight zero.

    >>> stream = Stream(np.array([1, 2, 3, 4, 5, 6, 7, 8]), rows=2, steps=2, start=0)
    >>> [batch.x.tolist() for batch in stream.batches(seed=1, epoch=0)]
    [[[0, 1], [4, 5]], [[2, 3], [6, 7]]]
    >>> [batch.y.tolist() for batch in stream.batches(seed=1, epoch=0)]
    [[[1, 2], [5, 6]], [[3, 4], [7, 8]]]
    """

    def __init__(self, tokens: np.ndarray, rows: int, steps: int, start: int):
        self.tokens, self.rows, self.steps, self.start = tokens, rows, steps, start
        self.size = len(tokens)
        self.columns = -(-self.size // rows)
        self.count = -(-self.columns // steps)

    def order(self, seed: int, epoch: int) -> np.ndarray:
        """Return the windows in the order of the text, whatever seed and epoch are: the carried state allows no other."""
        return np.arange(self.count)[:, None]

    def batch(self, items: np.ndarray) -> Batch:
        """Return window `items[0]`: tokens, the tokens after them, weights; each [rows, steps]."""
        column = int(items[0]) * self.steps + np.arange(self.steps)
        place = np.arange(self.rows)[:, None] * self.columns + column
        real = (place < self.size) & (column < self.columns)
        place = np.where(real, place, 0)
        before = np.where(place == 0, self.start, self.tokens[place - 1])
        return Batch(before, self.tokens[place], real * np.float32(1 / self.density))

    def arrays(self) -> tuple[np.ndarray, ...]:
        """Return the text and the token before it."""
        return self.tokens, np.array(self.start)
