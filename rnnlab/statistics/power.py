"""The power of the paired t test by the number of seeds: detectable differences, and seeds needed."""

from collections.abc import Callable

import numpy as np
from scipy import optimize, special

MOST = 10_000
"""More seeds than anyone runs."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(200)


def power(n: int, difference: float, sd: float, alpha: float = 0.05) -> float:
    r"""Return the probability that the two-sided paired t test at `alpha` finds a true mean `difference` from `n` seeds.

    `sd` is the standard deviation of the paired differences. With δ = |difference| sqrt(n) / sd and c = t_{n-1, 1 - alpha/2},

    power = P(|T| > c) = E[Φ(δ - c s) + Φ(-δ - c s)],   s² ~ χ²_{n-1} / (n - 1),

    T being noncentral t; the expectation is taken over the quantiles of s by Gauss-Legendre quadrature, because
    scipy.stats.nct gives NaN at ordinary arguments (n = 2, δ = 16.5, c = 12.7).

    >>> round(power(34, 0.5, 1.0), 2)
    0.81
    """
    if n < 2:
        return 0.0
    if not sd:
        return float(difference != 0)
    spread = np.sqrt(2 * special.gammaincinv((n - 1) / 2, (_NODES + 1) / 2) / (n - 1))
    shift, reach = abs(difference) * n**0.5 / sd, special.stdtrit(n - 1, 1 - alpha / 2) * spread
    return float(_WEIGHTS @ (special.ndtr(shift - reach) + special.ndtr(-shift - reach)) / 2)


def detectable(n: int, sd: float, alpha: float = 0.05, family: int = 1, wanted: float = 0.8) -> float | None:
    """Return the smallest true difference that `n` seeds find with probability `wanted`; None below 2 seeds or without spread.

    `alpha` is shared by a `family` of comparisons (Bonferroni).
    """
    if n < 2 or not sd:
        return None

    def missing(difference: float) -> float:
        return power(n, difference, sd, alpha / family) - wanted

    highest = sd
    while missing(highest) < 0:
        highest *= 2
    return float(optimize.brentq(missing, 0.0, highest, xtol=1e-6 * sd))


def seeds_needed(difference: float, sd: float, alpha: float = 0.05, family: int = 1, wanted: float = 0.8) -> int | None:
    """Return the fewest seeds that find a true `difference` with probability `wanted`; None where MOST are not enough.

    Never fewer than the joint sign-flip test needs to reach `alpha`, whatever the size of the `family`: 2 / 2^n <= alpha.

    >>> seeds_needed(0.5, 1.0), seeds_needed(3.0, 1.0)
    (34, 6)
    """
    if not difference or power(MOST, difference, sd, alpha / family) < wanted:
        return None
    return _first(lambda n: 2 ** (1 - n) <= alpha and power(n, difference, sd, alpha / family) >= wanted)


def _first(holds: Callable[[int], bool]) -> int:
    """Return the smallest n from 2 to MOST where the monotone condition `holds`, by bisection."""
    low, high = 2, MOST
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low
