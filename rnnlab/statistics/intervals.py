"""Intervals over seeds that hold for 3 to 20 of them: Student's t for means, Clopper-Pearson for rates.

Percentile and BCa bootstraps cover only .75 to .90 of the time below 10 seeds, so none is used here.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A mean over `n` seeds, its standard deviation `sd`, and an interval from `low` to `high`; None where n is too small."""

    n: int
    mean: float | None = None
    sd: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Proportion:
    """How often something happened in `n` trials, with its interval from `low` to `high`; `rate` is None where n is 0."""

    count: int
    n: int
    rate: float | None
    low: float
    high: float


def mean_interval(values: ArrayLike, confidence: float = 0.95, family: int = 1, overlap: float = 0.0) -> Estimate:
    r"""Return mean, standard deviation and Student's t interval of `values` (seeds,); NaN marks a missing seed.

    mean ± t_{n-1, 1 - (1 - confidence) / (2 family)} sd / sqrt(n). With `family` > 1 the interval is simultaneous over that
    many means by Bonferroni's inequality, which holds whatever the correlation between them; the correlation itself
    cannot be estimated from a handful of seeds. `overlap`, test rows over training rows, is above 0 for values from folds or
    drawn splits, which share rows: 1 / n becomes 1 / n + overlap (Nadeau & Bengio 2003, Machine Learning 52:239, section 4).

    >>> interval = mean_interval([5.1, 4.9, 5.6, 4.7])
    >>> round(interval.mean, 3), round(interval.low, 3), round(interval.high, 3)
    (5.075, 4.46, 5.69)
    """
    x = finite(values)
    if not x.size:
        return Estimate(0)
    mean = float(x.mean())
    if x.size == 1:
        return Estimate(1, mean)
    sd = float(x.std(ddof=1))
    half = float(stats.t.ppf(1 - (1 - confidence) / (2 * family), x.size - 1)) * sd * (1 / x.size + overlap) ** 0.5
    return Estimate(x.size, mean, sd, mean - half, mean + half)


def rate_interval(count: int, n: int, confidence: float = 0.95) -> Proportion:
    """Return the rate count / n with its exact (Clopper-Pearson) interval.

    >>> seven_of_eight = rate_interval(7, 8)
    >>> round(seven_of_eight.low, 3), round(seven_of_eight.high, 3)
    (0.473, 0.997)
    """
    tail = (1 - confidence) / 2
    low = float(stats.beta.ppf(tail, count, n - count + 1)) if count else 0.0
    high = float(stats.beta.ppf(1 - tail, count + 1, n - count)) if count < n else 1.0
    return Proportion(count, n, count / n if n else None, low, high)


def hedges_g_av(variant: ArrayLike, baseline: ArrayLike) -> float | None:
    """Return the paired difference in units of the mean standard deviation of both, corrected for few seeds.

    g_av = (mean(x) - mean(y)) / ((sd(x) + sd(y)) / 2) * (1 - 3 / (8 n - 9)); None below 2 seeds or without any spread.
    Source: Lakens 2013, Frontiers in Psychology 4:863, equations 4 and 10.
    """
    x, y = np.asarray(variant, np.float64), np.asarray(baseline, np.float64)
    both = np.isfinite(x) & np.isfinite(y)
    x, y = x[both], y[both]
    if x.size < 2 or not (spread := (x.std(ddof=1) + y.std(ddof=1)) / 2):
        return None
    return float((x.mean() - y.mean()) / spread * (1 - 3 / (8 * x.size - 9)))


def corrected_p(differences: ArrayLike, overlap: float, family: int = 1) -> float | None:
    r"""Return the two-sided p of the corrected resampled t test that differences over folds (folds,) have mean 0.

    t = mean / (sd sqrt(1 / n + overlap)) with n - 1 degrees of freedom, overlap being test rows over training rows; times the
    `family` by Bonferroni. None below 2 folds. Source: Nadeau & Bengio 2003, Machine Learning 52:239, section 4.

    >>> round(corrected_p([0.1, 0.3, 0.2, 0.1, 0.3], overlap=0.25), 4)
    0.0407
    """
    x = finite(differences)
    if x.size < 2:
        return None
    if not (error := x.std(ddof=1) * (1 / x.size + overlap) ** 0.5):
        return float(not x.mean())
    return min(1.0, family * 2 * float(stats.t.sf(abs(x.mean()) / error, x.size - 1)))


def equivalence_p(differences: ArrayLike, margin: float, overlap: float = 0.0) -> float | None:
    """Return the p-value of two one-sided t tests (TOST) that the mean difference lies inside ± `margin`.

    None below 2 seeds. Source: Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15:657.
    """
    x = finite(differences)
    if x.size < 2:
        return None
    if not (error := x.std(ddof=1) * (1 / x.size + overlap) ** 0.5):
        return float(abs(x.mean()) >= margin)
    return float(stats.t.sf((margin - abs(x.mean())) / error, x.size - 1))


def outliers(values: Array, factor: float = 15.0, fewest: int = 5) -> NDArray[np.bool_]:
    """Mark the values (variants, seeds) that lie above their variant's median by `factor` pooled robust deviations.

    A collapsed run ends, but far above its variant's other seeds; t intervals do not cover when such runs stay in the mean. The
    deviation is 1.4826 times the median distance from the variants' medians; variants with under `fewest` values are left
    alone. For normal values at most one comparison in a thousand has a false mark.
    """
    enough = np.isfinite(values).sum(axis=1) >= fewest
    marks = np.zeros(values.shape, bool)
    if enough.any():
        distance = values[enough] - np.nanmedian(values[enough], axis=1, keepdims=True)
        deviation = 1.4826 * np.nanmedian(np.abs(distance))
        marks[enough] = (distance > factor * deviation) & (deviation > 0)
    return marks


def finite(values: ArrayLike) -> Array:
    """Return the finite values as a flat array."""
    x = np.asarray(values, np.float64).ravel()
    return x[np.isfinite(x)]
