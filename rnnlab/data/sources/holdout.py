"""A validation or test split for data that has none: a fraction of the training examples, drawn by a seed."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

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
    return parted(train, owners(total, fractions, seed), fractions)


def parted(
    rows: Callable[[], Iterable[Row]], owner: np.ndarray, parts: Iterable[str]
) -> dict[str, Callable[[], Iterator[Row]]]:
    """Return train and the other parts, each the rows that `owner` gives it: 0 is train, 1 the first of `parts`."""
    return {name: partial(_of, rows, owner, place) for place, name in enumerate(("train", *parts))}


def owners(
    total: int, parts: Mapping[str, float], seed: int, labels: Sequence[object] | np.ndarray | None = None
) -> np.ndarray:
    """Return the split of each of `total` examples: 0 is train, 1 the first of `parts`; a part of 1 or more is a count.

    With `labels`, one an example, every label has its share in each split. The last example of a label, and a label with
    fewer examples than there are splits, goes to train. Raises UserError where nothing is left to train on.

    >>> np.bincount(owners(10, {"validation": 0.2, "test": 3}, seed=1)).tolist()
    [5, 2, 3]
    >>> owner = owners(12, {"test": 0.5}, seed=1, labels=["a"] * 8 + ["b"] * 4)
    >>> int((owner[:8] == 1).sum()), int((owner[8:] == 1).sum())
    (4, 2)
    """
    sizes = _sizes(total, parts)
    random = np.random.default_rng(derive(seed, "held out"))
    order = random.permutation(total)
    if labels is not None:
        order = _by_rank(np.unique(np.asarray(labels), return_inverse=True)[1], order, random, len(parts))
    owner = np.zeros(total, np.int8)
    begin = 0
    for place, size in enumerate(sizes, 1):
        owner[order[begin : begin + size]] = place
        begin += size
    return owner


def _sizes(total: int, parts: Mapping[str, float]) -> list[int]:
    sizes = [int(part) if part >= 1 else max(1, round(total * part)) for part in parts.values()]
    shares = [part for part in parts.values() if part < 1]
    if sum(shares) >= 1:
        told = " and ".join(f"{name} {part:g}" for name, part in parts.items())
        raise UserError(f"{told} are the whole data: nothing is left to train on")
    if sum(sizes) >= total:
        few = f"{total} training examples are" if total != 1 else "one training example is"
        raise UserError(f"{few} too few to hold out {' and '.join(parts)}")
    return sizes


def _by_rank(codes: np.ndarray, order: np.ndarray, random: np.random.Generator, parts: int) -> np.ndarray:
    """The examples that may be held out, so that any stretch of them has every label's share.

    An example's rank is its place among those of its label, which come in the random `order`, over their number.
    """
    members = np.bincount(codes)
    sorted_ = order[np.argsort(codes[order], kind="stable")]
    labels = codes[sorted_]
    place = np.arange(len(codes)) - (members.cumsum() - members)[labels]
    rank = (place + random.random(len(members))[labels]) / members[labels]
    free = (place < members[labels] - 1) & (members[labels] > parts)
    return sorted_[free][np.argsort(rank[free], kind="stable")]


def grouped(groups: Sequence[object], parts: Mapping[str, float], seed: int) -> np.ndarray:
    """Return the split of each example, as `owners` does, all examples of a group being in one.

    Groups come in an order drawn by the seed; each goes to the first part that it brings nearer to its size, else to train.
    Raises UserError where there are fewer groups than splits.

    >>> owner = grouped(["a", "a", "b", "b", "c", "c"], {"test": 0.4}, seed=1)
    >>> sorted(owner.tolist()), [len(set(owner[begin : begin + 2].tolist())) for begin in (0, 2, 4)]
    ([0, 0, 0, 0, 1, 1], [1, 1, 1])
    """
    names, codes = np.unique(np.asarray(groups), return_inverse=True)
    if len(names) <= len(parts):
        raise UserError(f"there are {len(names)} groups, too few to give train, {' and '.join(parts)} one each")
    members, sizes = np.bincount(codes), _sizes(len(codes), parts)
    order = np.random.default_rng(derive(seed, "held out groups")).permutation(len(names))
    left = list(order)
    owner = np.zeros(len(names), np.int8)
    for place, size in enumerate(sizes, 1):
        spare, taken = len(parts) - place + 1, 0
        for group in list(left):
            if len(left) > spare and abs(size - taken - members[group]) < abs(size - taken):
                owner[group], taken = place, taken + int(members[group])
                left.remove(group)
        if not taken:
            group = min(left, key=members.__getitem__)
            owner[group] = place
            left.remove(group)
    return owner[codes]


def trained_first(owner: np.ndarray, labels: Sequence[Iterable[str]], groups: Sequence[object] | None = None) -> np.ndarray:
    """Return the split of each example, some moved to train, so that every label of any split is there too.

    >>> trained_first(np.array([0, 1, 1, 0]), [["a"], ["b"], ["b", "a"], ["a"]]).tolist()
    [0, 0, 1, 0]
    """
    owner = owner.copy()
    known = {label for mine, own in zip(owner, labels, strict=True) if not mine for label in own}
    for row in np.flatnonzero(owner).tolist():
        if owner[row] and not known.issuperset(labels[row]):
            moved = [row] if groups is None else [place for place, group in enumerate(groups) if group == groups[row]]
            owner[moved] = 0
            known.update(label for place in moved for label in labels[place])
    return owner


def only_trained(owner: np.ndarray, labels: Sequence[Iterable[str]], parts: Sequence[str]) -> list[str]:
    """Return in words which labels some split lacks.

    >>> only_trained(np.array([0, 0, 1]), [["a"], ["b"], ["a"]], ["test"])
    ["the label 'b' is not in test: 1 example, too rare for every split"]
    """
    counts: dict[str, list[int]] = {}
    for mine, own in zip(owner, labels, strict=True):
        for label in own:
            counts.setdefault(label, [0] * (1 + len(parts)))[mine] += 1
    told = []
    for label, count in sorted(counts.items()):
        lacking = [name for name, many in zip(parts, count[1:], strict=True) if not many]
        if lacking:
            total = f"{sum(count)} example{'s' * (sum(count) > 1)}"
            why = "too rare for every split" if sum(count) <= len(count) else "none of which was drawn"
            told.append(f"the label {label!r} is not in {' and '.join(lacking)}: {total}, {why}")
    return told


def rarest(labels: Sequence[Iterable[str]]) -> list[str]:
    """Return the rarest label of each row, by which its split is drawn; none stands for itself.

    >>> rarest([["a"], ["a", "b"], []])
    ['a', 'b', '']
    """
    rows = [list(own) for own in labels]
    counts = Counter(label for own in rows for label in own)
    return [min(own, key=lambda label: (counts[label], label)) if own else "" for own in rows]


def _of(rows: Callable[[], Iterable[Row]], owner: np.ndarray, place: np.ndarray | int) -> Iterator[Row]:
    return (row for row, mine in zip(rows(), owner, strict=True) if mine == place)
