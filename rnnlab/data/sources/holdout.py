"""A validation or test split for data that has none: a fraction of the training examples, drawn by a seed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from rnnlab.data.sources.reading import Row
from rnnlab.errors import UserError
from rnnlab.seeds import derive


def held_out(
    train: Callable[[], Iterable[Row]], fractions: dict[str, float], seed: int, total: int | None = None
) -> dict[str, Callable[[], Iterator[Row]]]:
    """Return train and, for each fraction, a split of its own; every row is in exactly one, in its old order.

    >>> rows = [Row(text) for text in "abcdefghij"]
    >>> parts = held_out(lambda: rows, {"validation": 0.2}, seed=1)
    >>> sorted("".join(row.input for part in parts.values() for row in part()))
    ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']
    """
    total = sum(1 for _ in train()) if total is None else total
    owner = owners(total, fractions, seed)
    return {name: partial(_of, train, owner, place) for place, name in enumerate(("train", *fractions))}


def owners(total: int, parts: Mapping[str, float], seed: int) -> np.ndarray:
    """Return the split of each of `total` examples: 0 is train, 1 the first of `parts`; a part of 1 or more is a count.

    >>> np.bincount(owners(10, {"validation": 0.2, "test": 3}, seed=1)).tolist()
    [5, 2, 3]
    """
    order = np.random.default_rng(derive(seed, "held out")).permutation(total)
    owner = np.zeros(total, np.int8)
    begin = 0
    for place, part in enumerate(parts.values(), 1):
        size = int(part) if part >= 1 else max(1, round(total * part))
        owner[order[begin : begin + size]] = place
        begin += size
    if begin >= total:
        raise UserError(f"{total} training examples are too few to hold out {' and '.join(parts)}")
    return owner


def _of(rows: Callable[[], Iterable[Row]], owner: np.ndarray, place: Any) -> Iterator[Row]:
    return (row for row, mine in zip(rows(), owner, strict=True) if mine == place)
