"""Variants ranked over several tasks: Friedman's test, the critical difference of mean ranks, and Holm's correction.

After Demšar 2006, Journal of Machine Learning Research 7:1. A task counts once, however many seeds it has; tasks are taken for
independent, which two models on the same data are not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from math import factorial, inf

import numpy as np
from scipy import stats

from rnnlab.statistics.intervals import Array


@dataclass(frozen=True)
class Friedman:
    """The test of the hypothesis that all variants are equal: that each order of them is as likely as any other in every
    task."""

    chi_square: float
    """12 n / (k (k + 1)) times the sum of (mean rank - (k + 1) / 2)^2, n tasks, k variants; lower where ranks are tied."""
    f: float | None
    """(n - 1) chi_square / (n (k - 1) - chi_square), Iman and Davenport's; None where all tasks agree on the order."""
    p: float
    """Of F with k - 1 and (k - 1) (n - 1) degrees of freedom, but not below k!^(1 - n), the probability of full agreement."""


def friedman(ranks: Array) -> Friedman:
    """Test ranks [tasks, variants]; ValueError below two of either.

    >>> friedman(np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]))
    Friedman(chi_square=4.0, f=None, p=0.16666666666666666)
    """
    n, k = ranks.shape
    if min(n, k) < 2:
        raise ValueError(f"ranks of at least two variants in two tasks can be tested, got {k} in {n}")
    chi_square = float(12 * n / (k * (k + 1)) * ((ranks.mean(axis=0) - (k + 1) / 2) ** 2).sum())
    rest, least = n * (k - 1) - chi_square, factorial(k) ** (1.0 - n)
    if rest < 1e-9:
        return Friedman(chi_square, None, least)
    f = (n - 1) * chi_square / rest
    return Friedman(chi_square, f, max(least, float(stats.f.sf(f, k - 1, (k - 1) * (n - 1)))))


def standard_error(tasks: int, variants: int) -> float:
    """The standard deviation of the difference of two mean ranks where all variants are alike: sqrt(k (k + 1) / (6 n))."""
    return float((variants * (variants + 1) / (6 * tasks)) ** 0.5)


def critical_difference(tasks: int, variants: int, alpha: float = 0.05) -> float:
    """Return by how much two mean ranks must differ so that any such pair is found with probability `alpha` by accident.

    Nemenyi's: the studentised range of that many variants over sqrt(2), times `standard_error`. For few tasks it is
    conservative.

    >>> round(critical_difference(tasks=14, variants=4), 2)
    1.25
    """
    return float(stats.studentized_range.ppf(1 - alpha, variants, inf)) / 2**0.5 * standard_error(tasks, variants)


def fewest_tasks(variants: int) -> int:
    """Return the number of tasks needed to distinguish a variant that is first in all of them from one that is last in all."""
    return next(n for n in count(2) if critical_difference(n, variants) <= variants - 1)


def groups(means: Sequence[float], critical: float) -> list[tuple[int, int]]:
    """Return from where to where, in rising means, no two differ by more than `critical`: whole groups of two or more only.

    >>> groups([1.0, 1.5, 2.2, 4.0], critical=1.25)
    [(0, 2)]
    """
    ends = [max(j for j in range(i, len(means)) if means[j] - means[i] <= critical) for i in range(len(means))]
    return [(i, end) for i, end in enumerate(ends) if end > i and (not i or end > ends[i - 1])]


def against(means: Array, baseline: int, tasks: int) -> Array:
    """Return Holm's p of each mean rank against that of the baseline, NaN at the baseline itself.

    Two-sided, from the normal distribution of the difference over `standard_error`.
    """
    rivals = np.arange(len(means)) != baseline
    z = np.abs(means - means[baseline]) / standard_error(tasks, len(means))
    p = np.full(len(means), np.nan)
    p[rivals] = holm(2 * stats.norm.sf(z[rivals]))
    return p


def holm(p: Array) -> Array:
    """Return p-values that hold for all of them together, by Holm's step-down correction.

    >>> holm(np.array([0.01, 0.04, 0.03])).round(4).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p)
    stepped = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    corrected = np.empty(len(p))
    corrected[order] = stepped
    return corrected
