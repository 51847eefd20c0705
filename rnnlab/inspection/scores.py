"""Metrics of predicted probabilities for every position: surprise, Brier score, entropy."""

import numpy as np

TINY = np.finfo(np.float64).tiny
"""The least probability whose logarithm is taken."""


def softmax(logits: np.ndarray) -> np.ndarray:
    """p_k = exp(z_k) / sum_j exp(z_j) over the last axis, in float64, so that no probability above 1e-300 becomes zero."""
    probabilities = np.exp(np.subtract(logits, logits.max(axis=-1, keepdims=True), dtype=np.float64))
    return np.divide(probabilities, probabilities.sum(axis=-1, keepdims=True), out=probabilities)


def two_sided(p: np.ndarray) -> np.ndarray:
    """The probabilities (..., 2) of no and yes for `p` (...), that of yes: a single label is a choice between two classes."""
    return np.stack([1 - p, p], axis=-1)


def surprise(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """-log p_y in nats, (...), of probabilities p (..., classes) and class numbers y (...); its mean is the log loss.

    >>> surprise(np.array([[0.25, 0.75]]), np.array([0])).round(4)
    array([1.3863])
    """
    return -np.log(np.maximum(_of(p, y), TINY))


def brier(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """sum_k (p_k - [y = k])^2, (...): 0 is perfect, 2 is certain of a wrong class; not halved for two classes (Brier 1950).

    >>> brier(np.array([[0.25, 0.75]]), np.array([0]))
    array([1.125])
    """
    return np.einsum("...k,...k->...", p, p) - 2 * _of(p, y) + 1


def entropy(p: np.ndarray) -> np.ndarray:
    """-sum_k p_k log p_k in nats, (...), from 0 to the log of the number of classes.

    Of averaged probabilities it is the predictive entropy; averaged over the samples, each with its own probabilities, the
    expected entropy. The first less the second is the mutual information of prediction and weights, what more data could
    still settle (BALD; Houlsby et al. 2011, arXiv 1112.5745).

    >>> entropy(np.array([[0.5, 0.5], [1.0, 0.0]])).round(4)
    array([0.6931, 0.    ])
    """
    return 0 - np.einsum("...k,...k->...", p, np.log(np.maximum(p, TINY)))


def _of(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.take_along_axis(p, np.asarray(y, np.int64)[..., None], axis=-1)[..., 0]
