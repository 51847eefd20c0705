"""Whether a registered metric does what every metric has to."""

import math

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.testing.require import CheckError, require
from rnnlab.training.own_metrics import METRICS

POSITIONS, CLASSES = 40, 3


def check_metric(name: str, targets: ArrayLike | None = None, predictions: ArrayLike | None = None, classes: int = 0) -> None:
    """Check a registered metric; raise CheckError where it fails, which says why.

    It gives one finite number, the same twice, leaves its arrays as they are, and finds targets as predictions no worse than
    random ones, by its mode. Arrays are random numbers, or with `classes` random classes and their probabilities, or the
    `targets` and `predictions` that are given.

    >>> import numpy as np
    >>> from rnnlab import register
    >>> @register.metric("farthest", mode="max")
    ... def farthest(targets, predictions):
    ...     return np.abs(targets - predictions).max()
    >>> check_metric("farthest")
    Traceback (most recent call last):
    rnnlab.testing.require.CheckError: farthest is 0 of predictions that are right and 2.58 of random ones: is its mode not min?
    """
    metric = METRICS[name]
    given = targets is not None and predictions is not None
    y, p = (np.asarray(targets), np.asarray(predictions)) if given else _drawn(classes)
    known = y.copy(), p.copy()
    value, again = _number(name, y, p), _number(name, y, p)
    require(all(map(np.array_equal, known, (y, p))), f"{name} changes the arrays that it is given: let it work on copies")
    require(value == again, f"{name} is {value:.3g} and then {again:.3g} of the same arrays: let it draw nothing")
    if not given:
        right = _number(name, y, np.eye(classes)[y] if classes else y)
        other = {"min": "max", "max": "min"}[metric.mode]
        good = right <= value if metric.mode == "min" else right >= value
        told = f"{name} is {right:.3g} of predictions that are right and {value:.3g} of random ones"
        require(good, f"{told}: is its mode not {other}?")


def _drawn(classes: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    if classes:
        return random.integers(0, classes, POSITIONS), random.dirichlet(np.ones(classes), POSITIONS).astype("float32")
    y, p = random.normal(size=(2, POSITIONS, 1)).astype("float32")
    return y, p


def _number(name: str, y: np.ndarray, p: np.ndarray) -> float:
    what = f"targets of the shape {y.shape} and predictions of the shape {p.shape}"
    try:
        value = METRICS[name].compute(y, p)
    except Exception as error:
        told = f"{name} cannot be measured on {what}: {type(error).__name__}: {error}"
        raise CheckError(f"{told}; give check_metric classes=, or targets and predictions that fit") from error
    require(
        np.ndim(value) == 0, f"{name} gives an array of the shape {np.shape(value)}: let it give one number of all positions"
    )
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise CheckError(f"{name} gives {value!r}, which is not a number") from error
    require(math.isfinite(number), f"{name} is {number} on {what}: a metric is a finite number")
    return number
