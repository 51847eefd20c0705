"""The exact joint sign-flip test: which variants differ from the baseline, with the family-wise error controlled."""

import numpy as np
from scipy.stats import rankdata

from rnnlab.statistics.intervals import Array

FEWEST_SEEDS = 6
"""Below this many pairs the smallest possible p, 2 / 2^n, is above .05, so no p is given."""
EXACT_SEEDS = 16
"""Up to this many seeds every sign pattern is visited; above it, as many random ones."""


def max_t(differences: Array) -> list[float | None]:
    r"""Return for each column of `differences` (seeds, variants) the family-wise adjusted two-sided p-value.

    Under the hypothesis that a variant equals the baseline, its paired difference on a seed is as likely to be -d as d. All
    columns take the same flips, seed by seed, which keeps their correlation; the statistic is |t|, and

    p_(j) = max_{i <= j} P(max_{k >= i} |t_k(flips)| >= |t_(i)|)   with |t_(1)| >= |t_(2)| >= ...

    so the smallest p is 2 / 2^n whatever the number of variants. NaN marks a missing pair; a column with under 6 pairs
    takes no part and gets None. Source: Westfall and Young 1993, Resampling-Based Multiple Testing, algorithm 2.8.
    """
    tested = np.flatnonzero(np.isfinite(differences).sum(axis=0) >= FEWEST_SEEDS)
    p: list[float | None] = [None] * differences.shape[1]
    if tested.size:
        for column, value in zip(tested, _step_down(differences[:, tested]), strict=True):
            p[column] = float(value)
    return p


def _step_down(differences: Array) -> Array:
    observed = _statistics(differences, np.ones((1, len(differences))))[0]
    order, flips = np.argsort(-observed), _flips(len(differences))
    reached = np.zeros(len(order))
    for part in np.array_split(flips, len(flips) // 1024 + 1):
        largest = np.maximum.accumulate(_statistics(differences[:, order], part)[:, ::-1], axis=1)[:, ::-1]
        reached += (largest >= observed[order] * (1 - 1e-9)).sum(axis=0)
    p = np.empty(len(order), np.float64)
    p[order] = np.maximum.accumulate(reached / len(flips))
    return p


def _statistics(differences: Array, flips: Array) -> Array:
    """Return t^2 of every flipped column (patterns, variants); 0 where every difference is 0."""
    n = np.isfinite(differences).sum(axis=0)
    squares = n * np.nansum(differences**2, axis=0)
    share = (flips @ np.nan_to_num(differences)) ** 2 / np.where(squares > 0, squares, 1.0)
    return np.asarray((n - 1) * share / np.maximum(1.0 - share, 1e-12))


def _flips(seeds: int) -> Array:
    """Return sign patterns (patterns, seeds), the identity first; the mirror half has the same |t| and is left out."""
    if seeds <= EXACT_SEEDS:
        patterns = np.arange(2 ** (seeds - 1))[:, None] >> np.arange(seeds) & 1
        return 1.0 - 2.0 * patterns.astype(np.float64)
    signs = np.random.default_rng(seeds).choice([-1.0, 1.0], (2 ** (EXACT_SEEDS - 1), seeds))
    signs[0] = 1.0
    return signs


def signed_ranks(differences: Array) -> Array:
    """Return the ranks of |differences| (seeds,) with their signs; infinite differences share the largest, NaN stays.

    >>> signed_ranks(np.array([-0.5, np.inf, 0.1, np.nan]))
    array([-2.,  3.,  1., nan])
    """
    return np.sign(differences) * rankdata(np.abs(differences), nan_policy="omit")
