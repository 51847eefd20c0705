"""Folds for cross-validation: every row is in the test split of one fold; the other rows are for training and validation."""

from collections.abc import Iterable, Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from rnnlab.data.sources.holdout import grouped, owners, rarest, trained_first
from rnnlab.errors import UserError
from rnnlab.section import Section
from rnnlab.seeds import derive


class Fold(Section):
    """One fold of the rows, the test split of its runs; set by `compare.folds`."""

    number: Annotated[int, Field(ge=1)]
    """The number of the fold, counted from 1."""
    of: Annotated[int, Field(ge=2)]
    """The number of folds."""
    repeat: Annotated[int, Field(ge=1)] = 1
    """The number of the repeat; rows are assigned to folds anew in each repeat."""


def objection(folds: int, validation: object, test: object) -> str | None:
    """Return why the rows cannot be split into folds, or None if they can."""
    if not isinstance(test, float):
        return "test names a separate split, but folds take the test split from the training rows"
    if isinstance(validation, float) and 1 / folds + validation >= 1:
        return f"validation: {validation:g} and one of {folds} folds leave nothing to train on"
    return None


def dealt(
    total: int, fold: Fold, seed: int, strata: Sequence[object] | None = None, groups: Sequence[object] | None = None
) -> np.ndarray:
    """Return the fold of each row, from 0: folds differ by at most one row, and by at most one row of each stratum.

    All rows of a group are in the same fold; groups are assigned, the largest first, to the fold that is smallest so far.

    >>> fold = dealt(10, Fold(number=1, of=5), seed=1, strata=["a"] * 5 + ["b"] * 5)
    >>> sorted(fold[:5].tolist()), sorted(fold[5:].tolist())
    ([0, 1, 2, 3, 4], [0, 1, 2, 3, 4])
    """
    random = np.random.default_rng(derive(seed, "folds", fold.repeat))
    if groups is not None:
        return _by_group(groups, fold.of, random)
    if total < fold.of:
        raise UserError(f"{total} rows are too few for {fold.of} folds")
    order = random.permutation(total)
    if strata is not None:
        codes = np.unique(np.asarray(strata), return_inverse=True)[1]
        order = order[np.argsort(codes[order], kind="stable")]
    folds = np.empty(total, np.int64)
    folds[order] = np.arange(total) % fold.of
    return folds


def _by_group(groups: Sequence[object], count: int, random: np.random.Generator) -> np.ndarray:
    names, codes = np.unique(np.asarray(groups), return_inverse=True)
    if len(names) < count:
        raise UserError(f"there are {len(names)} groups, too few for {count} folds")
    members, sizes = np.bincount(codes), np.zeros(count, np.int64)
    of_group = np.empty(len(names), np.int64)
    for group in sorted(random.permutation(len(names)), key=lambda one: -members[one]):
        of_group[group] = sizes.argmin()
        sizes[of_group[group]] += members[group]
    return of_group[codes]


def fold_owners(
    fold: Fold,
    total: int,
    validation: float | None,
    seed: int,
    labels: Sequence[Iterable[str]] | None = None,
    groups: Sequence[object] | None = None,
) -> np.ndarray:
    """Return the split of each row: 0 is train, 1 is validation if it is a fraction of all rows, and the last is test.

    With `labels`, the labels of each row, folds are stratified. Raises UserError if all rows with some label are in one fold,
    since a model that is tested on them would never have seen it.
    """
    strata = rarest(labels) if labels is not None else None
    folds = dealt(total, fold, seed, strata, groups)
    if labels is not None:
        _check(folds, labels)
    test = folds == fold.number - 1
    owner = np.where(test, 1 if validation is None else 2, 0).astype(np.int8)
    rest = np.flatnonzero(~test)
    if validation is None:
        return owner
    parts = {"validation": max(1, round(total * validation))}
    own = [list(labels[row]) for row in rest.tolist()] if labels is not None else None
    mine = [groups[row] for row in rest.tolist()] if groups is not None else None
    chosen = grouped(mine, parts, seed) if mine is not None else owners(len(rest), parts, seed, rarest(own) if own else None)
    owner[rest] = chosen if own is None else trained_first(chosen, own, mine)
    return owner


def _check(folds: np.ndarray, labels: Sequence[Iterable[str]]) -> None:
    where: dict[str, set[int]] = {}
    for fold, own in zip(folds.tolist(), labels, strict=True):
        for label in own:
            where.setdefault(label, set()).add(fold)
    lonely = sorted(label for label, of in where.items() if len(of) == 1)
    if lonely:
        raise UserError(
            f"all rows with the label {', '.join(map(repr, lonely[:5]))} are in one fold, so no model that is tested on them "
            "has seen it: a label should be in at least two folds"
        )
