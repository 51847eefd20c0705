"""Calibration of probabilities: the accuracy of predictions at each confidence."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Reliability:
    """A reliability diagram: for every bin the number of predictions, their mean confidence, and their accuracy.

    Both means are zero in an empty bin.
    """

    count: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray


def reliability(confidence: np.ndarray, right: np.ndarray, bins: int = 15) -> Reliability:
    """Sort predictions into bins of equal width over [0, 1], bin b holding confidences in (b / bins, (b + 1) / bins].

    `confidence` is the probability of what was predicted and `right` whether it came true, in one shape. Of classes that is the
    most likely one (Guo et al. 2017, arXiv 1706.04599), of a label by itself its probability and whether it is there.

    >>> reliability(np.array([0.4, 0.9, 0.8]), np.array([0, 1, 0]), bins=2)
    Reliability(count=array([1, 2]), confidence=array([0.4 , 0.85]), accuracy=array([0. , 0.5]))
    """
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}")
    return _binned(np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], np.ravel(confidence)), confidence, right, bins)


def equally_filled(confidence: np.ndarray, right: np.ndarray, bins: int = 15) -> Reliability:
    """Sort predictions into bins that hold equally many, in order of their confidence, to within one prediction.

    Equal confidences are ordered by their place in the arrays.
    """
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}")
    place = np.empty(np.size(confidence), np.int64)
    place[np.argsort(np.ravel(confidence), kind="stable")] = np.arange(place.size) * bins // max(place.size, 1)
    return _binned(place, confidence, right, bins)


def _binned(place: np.ndarray, confidence: np.ndarray, right: np.ndarray, bins: int) -> Reliability:
    count = np.bincount(place, minlength=bins)
    sums = (np.bincount(place, np.ravel(values), bins) for values in (confidence, right))
    return Reliability(count, *(total / np.maximum(count, 1) for total in sums))


def together(*parts: Reliability) -> Reliability:
    """Return the diagram of all predictions of several diagrams with the same bins."""
    count = np.sum([part.count for part in parts], axis=0)
    confidence = np.sum([part.count * part.confidence for part in parts], axis=0)
    accuracy = np.sum([part.count * part.accuracy for part in parts], axis=0)
    return Reliability(count, confidence / np.maximum(count, 1), accuracy / np.maximum(count, 1))


def calibration_error(diagram: Reliability) -> float:
    """sum_b (n_b / n) |accuracy_b - confidence_b|.

    Of bins of equal width it is the expected calibration error (Naeini et al. 2015), of equally filled ones the adaptive
    calibration error of the prediction (Nguyen & O'Connor 2015).

    >>> calibration_error(reliability(np.array([0.8] * 5), np.array([1, 1, 1, 1, 0])))
    0.0
    """
    gaps = np.abs(diagram.accuracy - diagram.confidence)
    return float(diagram.count @ gaps / max(diagram.count.sum(), 1))


def classwise_calibration_error(p: np.ndarray, y: np.ndarray, bins: int = 15) -> float:
    """The mean over the classes k of the calibration error of p_k against [y = k] (Kull et al. 2019, arXiv 1910.12656).

    `p` are probabilities (positions, classes) and `y` class numbers (positions,); bins have equal width.

    >>> classwise_calibration_error(np.array([[0.5, 0.5], [0.5, 0.5]]), np.array([0, 1]))
    0.0
    """
    return float(np.mean([calibration_error(reliability(p[:, k], y == k, bins)) for k in range(p.shape[1])]))
