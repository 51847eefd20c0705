"""A data set as a value: three splits, each an exactly repeatable order of batches."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rnnlab.data.segmentation import Vocabulary
from rnnlab.data.task import Task
from rnnlab.data.tokenizer import Codec

if TYPE_CHECKING:
    from rnnlab.data.forecast import Forecast

PADDING = -1
"""The token number of padding."""


class Batch(NamedTuple):
    """Arrays of one step; the names and their order are Keras's.

    Padding in `x` is `PADDING` for token numbers and NaN for numbers, at the end of a row; the model masks it. Padding in `y`
    is zero. A position is what is scored: a row [rows], or a step of a row [rows, steps]. Weights are zero at padding and
    one and the same number at all other positions of the split: all rows over all real positions. So the weighted sum over the
    steps, averaged over the rows and then over the batches, is the mean over the real positions, each counting once, however
    many steps a batch has.
    """

    x: np.ndarray
    y: np.ndarray
    sample_weight: np.ndarray


class Split(ABC):
    """Part of a data set as batches of as many rows; which batches, depends on (seed, epoch) alone."""

    size: int
    """The number of scored positions (tokens, steps or examples)."""
    rows: int
    """Rows of a batch."""
    count: int
    """Batches in an epoch."""
    varied = False
    """Whether batches differ in their steps."""
    paced = False
    """Whether the length of a step in the weights follows the steps of its batch."""

    @property
    def density(self) -> float:
        """Scored positions in a row, on average; their weight is one over it."""
        return self.size / (self.count * self.rows)

    @abstractmethod
    def order(self, seed: int, epoch: int) -> np.ndarray:
        """Return what goes into each batch of an epoch: a row of numbers a batch, -1 where nothing is left."""

    @abstractmethod
    def batch(self, items: np.ndarray) -> Batch:
        """Return the batch of one row of the order."""

    @abstractmethod
    def arrays(self) -> tuple[np.ndarray, ...]:
        """Return everything that the batches are cut from."""

    def pace(self, items: np.ndarray) -> float:
        """Return how long the batch of one row of the order is, as a multiple of the mean; 1 unless `paced`."""
        return 1.0

    def batches(self, seed: int, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch."""
        return map(self.batch, self.order(seed, epoch))


@dataclass(frozen=True)
class Dataset:
    """A task and the data that it is trained, chosen and evaluated on."""

    name: str
    task: Task
    train: Split
    validation: Split
    test: Split
    codec: Codec = field(default_factory=Codec)
    """The tokens, labels and scales that encode texts and decode predictions."""
    forecast: "Forecast | None" = None
    """The description of the forecasts, for a series."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """The number of incomplete rows that were left out, by split of their file."""
    known_scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Values that are known beforehand, by metric and by who gets them: perfect, guessing."""

    @property
    def vocabulary(self) -> Vocabulary | None:
        """The tokens by their numbers, where the data are texts."""
        return self.codec.vocabulary

    @cached_property
    def sha256(self) -> str:
        """The fingerprint of all data: shapes, types, bytes and vocabulary."""
        digest = sha256(repr(self.vocabulary).encode())
        for split in (self.train, self.validation, self.test):
            for array in split.arrays():
                digest.update(f"{array.dtype.str}{array.shape}".encode())
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def order_sha256(self, seed: int) -> str:
        """The fingerprint of the order in which a run with `seed` sees the data: its first epoch stands for all."""
        order = np.ascontiguousarray(self.train.order(seed, 0), dtype=np.int64)
        return sha256(repr(order.shape).encode() + order.tobytes()).hexdigest()
