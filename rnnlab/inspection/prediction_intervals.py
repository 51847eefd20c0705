"""Numbers predicted with a Gaussian: its likelihood, and the coverage of its intervals.

y ~ N(mean, variance + 1 / tau): the variance is that of the samples, tau the precision of the noise that no model can predict
(Gal & Ghahramani 2016, arXiv 1506.02142). Arrays are (positions, outputs); tau is one number, or one per output.
"""

from statistics import NormalDist

import numpy as np


def gaussian_surprise(error: np.ndarray, variance: np.ndarray, precision: np.ndarray | float) -> np.ndarray:
    """1/2 log(2 pi s) + error^2 / (2 s) in nats with s = variance + 1 / precision, in the shape of `error`.

    >>> gaussian_surprise(np.array([1.0]), np.array([0.5]), 2.0).round(4)
    array([1.4189])
    """
    spread = variance + 1 / np.asarray(precision)
    return 0.5 * np.log(2 * np.pi * spread) + error**2 / (2 * spread)


def coverage(error: np.ndarray, variance: np.ndarray, precision: np.ndarray | float, level: float) -> float:
    """The fraction of positions and outputs inside the central interval that should contain the fraction `level`.

    >>> coverage(np.array([0.0, 1.9, 2.0]), np.zeros(3), 1.0, 0.95).__round__(4)
    0.6667
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level}")
    spread = np.sqrt(variance + 1 / np.asarray(precision))
    return float(np.mean(np.abs(error) <= half_width(level) * spread))


def half_width(level: float) -> float:
    """The half-width of the central interval of a Gaussian, in standard deviations.

    >>> round(half_width(0.95), 2)
    1.96
    """
    return NormalDist().inv_cdf((1 + level) / 2)


def noise_precision(error: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """The precision of each output under which `error` (positions, outputs) is most likely: argmin_tau of `gaussian_surprise`.

    Without sample variance it is 1 / mean(error^2). It is estimated on data that are used neither for training nor for
    evaluation.

    >>> noise_precision(np.array([[2.0], [-2.0]]), np.zeros((2, 1)))
    array([0.25])
    """
    return np.array([_likeliest(error[:, k], variance[:, k]) for k in range(error.shape[1])])


def _likeliest(error: np.ndarray, variance: np.ndarray) -> float:
    from scipy.optimize import minimize_scalar

    most = max(float(np.mean(error**2)), 1e-12)
    if not variance.any():
        return 1 / most
    bounds = np.log(most) + np.log([1e-6, len(error)])  # the most likely noise is no larger than the largest error
    best = minimize_scalar(lambda log: gaussian_surprise(error, variance, np.exp(-log)).mean(), bounds=bounds, method="bounded")
    return float(np.exp(-best.x))
