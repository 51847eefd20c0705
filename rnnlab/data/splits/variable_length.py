"""Examples of unequal lengths: padded at the end, batched with others of about their length."""

import numpy as np

from rnnlab.data.dataset import PADDING, Batch, Split
from rnnlab.data.splits.buckets import best_widths, shared_widths
from rnnlab.seeds import derive


class Ragged(Split):
    """Examples stored end to end in one array, in batches of `rows`, each padded to one of a few widths.

    Example i is `values[offsets[i]:offsets[i + 1]]`: token numbers [total], or numbers [total, features]. `targets` belong to
    the examples, one each, or with `per_step` to the steps, in the order of `values`. The arrays may be memory-mapped: nothing
    but a batch is ever copied. Of an example longer than `max_length` the head or the tail is kept.

    A batch has the least of `widths` that holds its examples; by itself at most `buckets` widths are chosen, those that
    pad least, or those of another split, `like`, where they pad little more. Every batch is full, but for the last of each
    width, which is filled up with rows of padding.

    With `beside` [examples, features], what stands beside tokens, each step of a batch is the token's number and then these
    features, [rows, steps, 1 + features], float32.

    Raises ValueError where offsets and arrays don't fit together or an example is empty.

    >>> split = Ragged(np.array([7, 8, 9, 5, 6]), np.array([0, 3, 4, 5]), np.array([1, 0, 1]), rows=2)
    >>> [(batch.x.tolist(), batch.y.tolist()) for batch in split.batches(seed=1, epoch=0)]
    [([[5], [6]], [0, 1]), ([[7, 8, 9], [-1, -1, -1]], [1, 0])]
    """

    def __init__(
        self,
        values: np.ndarray,
        offsets: np.ndarray,
        targets: np.ndarray,
        rows: int,
        per_step: bool = False,
        shuffled: bool = False,
        max_length: int | None = None,
        keep: str = "head",
        buckets: int = 6,
        widths: tuple[int, ...] | None = None,
        beside: np.ndarray | None = None,
        like: np.ndarray | None = None,
    ):
        self.values, self.offsets, self.targets = values, offsets, targets
        self.rows, self.per_step, self.shuffled, self.keep, self.beside = rows, per_step, shuffled, keep, beside
        lengths = np.diff(offsets)
        _check(values, offsets, targets, lengths, per_step)
        self.lengths = lengths if max_length is None else np.minimum(lengths, max_length)
        if widths is None:
            widths = best_widths(self.lengths, rows, buckets) if like is None else shared_widths(self.lengths, rows, like)
        self.widths = np.array(widths)
        self.varied = len(self.widths) > 1
        self.bucket = np.searchsorted(self.widths, self.lengths)
        if self.bucket.max() == len(self.widths):
            raise ValueError(f"an example of {self.lengths.max()} steps is longer than the widest batch, {self.widths[-1]}")
        self.size = int(self.lengths.sum()) if per_step else len(lengths)
        self.count = int(sum(-(-np.bincount(self.bucket) // rows)))

    def order(self, seed: int, epoch: int) -> np.ndarray:
        """Return the examples of each batch, [batches, rows], -1 where a batch is filled up."""
        random = np.random.default_rng(derive(seed, "order", epoch))
        numbers = np.arange(len(self.lengths))
        if self.shuffled:
            random.shuffle(numbers)
        groups = [numbers[self.bucket[numbers] == bucket] for bucket in range(len(self.widths))]
        batches = np.concatenate(
            [np.pad(group, (0, -len(group) % self.rows), constant_values=-1).reshape(-1, self.rows) for group in groups]
        )
        if self.shuffled:
            random.shuffle(batches)
        return batches

    def batch(self, items: np.ndarray) -> Batch:
        """Return the examples with these numbers; the first one is a real one."""
        steps = np.arange(self.widths[self.bucket[items[0]]])
        ends = self.offsets[items + 1] if self.keep == "tail" else self.offsets[items] + self.lengths[items]
        real = (steps < self.lengths[items][:, None]) & (items >= 0)[:, None]
        place = np.where(real, (ends - self.lengths[items])[:, None] + steps, 0)
        weights = (real if self.per_step else items >= 0) * np.float32(1 / self.density)
        targets = np.where(_wide(weights > 0, self.targets), self.targets[place if self.per_step else items], 0)
        return Batch(_padded(self._steps(items, place), real), _plain(targets), weights)

    def _steps(self, items: np.ndarray, place: np.ndarray) -> np.ndarray:
        values = self.values[place]
        return values if self.beside is None else with_beside(values, self.beside[items])

    def arrays(self) -> tuple[np.ndarray, ...]:
        """Return the values, the start of each example, the targets, and the further features, if there are any."""
        return (self.values, self.offsets, self.targets, *(() if self.beside is None else (self.beside,)))


def with_beside(tokens: np.ndarray, beside: np.ndarray) -> np.ndarray:
    """Return token numbers [..., steps] with the features [..., features] beside them, [..., steps, 1 + features], float32.

    >>> with_beside(np.array([7, 8]), np.array([0.5])).tolist()
    [[7.0, 0.5], [8.0, 0.5]]
    """
    repeated = np.broadcast_to(beside[..., None, :], (*tokens.shape, beside.shape[-1]))
    return np.concatenate([tokens[..., None], repeated], axis=-1).astype(np.float32)


def _check(values: np.ndarray, offsets: np.ndarray, targets: np.ndarray, lengths: np.ndarray, per_step: bool) -> None:
    if values.ndim == 1 and values.dtype.kind == "f":
        raise ValueError("numbers need an axis of features, [total, features]; only token numbers, whole ones, are [total]")
    if len(lengths) == 0 or offsets[0] != 0 or offsets[-1] != len(values):
        raise ValueError(f"offsets must go from 0 to the {len(values)} steps of all examples, got {offsets}")
    if lengths.min() < 1:
        raise ValueError(f"example {lengths.argmin()} has {lengths.min()} steps, every example needs at least one")
    if len(targets) != (expected := len(values) if per_step else len(lengths)):
        raise ValueError(f"expected {expected} targets, one {'a step' if per_step else 'an example'}, got {len(targets)}")


def _wide(mask: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The mask with an axis for every further one that the elements of `values` have."""
    return mask.reshape(*mask.shape, *[1] * (values.ndim - 1))


def _plain(values: np.ndarray) -> np.ndarray:
    """Whole numbers as int32, others as float32, whatever they were stored as."""
    return values.astype(np.float32 if values.dtype.kind == "f" else np.int32, copy=False)


def _padded(values: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Values [rows, steps, ...] where real, else padding; only one-dimensional whole numbers are tokens."""
    if values.ndim == real.ndim and values.dtype.kind != "f":
        return np.where(real, values.astype(np.int32), np.int32(PADDING))
    return np.where(_wide(real, values[0]), values.astype(np.float32), np.float32(np.nan))
