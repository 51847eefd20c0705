"""A paired difference in standard deviations over seeds, with its interval."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import nctdtrinc

from rnnlab.statistics.intervals import Estimate, hedges_g_av


def effect_interval(variant: ArrayLike, baseline: ArrayLike, confidence: float = 0.95) -> Estimate:
    """Return Hedges' g_av of the finished pairs of values (seeds,), with its interval; `sd` stays None.

    The paired t of the difference has a noncentral t distribution; the noncentralities at which the observed t is the upper and
    the lower tail, times sd(x - y) / sqrt(n) over the mean of both deviations, are the ends (Algina & Keselman 2003,
    Educational and Psychological Measurement 63:537), corrected for few seeds as g_av is. Without a spread, or below two
    pairs, there is no estimate.
    """
    x, y = np.asarray(variant, np.float64), np.asarray(baseline, np.float64)
    both = np.isfinite(x) & np.isfinite(y)
    x, y, n = x[both], y[both], int(both.sum())
    g = hedges_g_av(x, y)
    if g is None or not (error := (x - y).std(ddof=1) / n**0.5):
        return Estimate(n)
    t, tail = float((x - y).mean() / error), (1 - confidence) / 2
    scale = error / ((x.std(ddof=1) + y.std(ddof=1)) / 2) * (1 - 3 / (8 * n - 9))
    low, high = (float(scale * nctdtrinc(n - 1, p, t)) for p in (1 - tail, tail))
    return Estimate(n, g, None, low, high)
