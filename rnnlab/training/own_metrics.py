"""Metrics of a user by name, measured on the test split once a run is trained."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rnnlab.data.task import KINDS
from rnnlab.registry import Registry, file_of


@dataclass(frozen=True, eq=False)
class OwnMetric:
    """A metric of all scored positions of a split."""

    compute: Callable[[np.ndarray, np.ndarray], float]
    """(targets [positions, ...], predictions [positions, ...]) -> the metric; predictions of classes are probabilities."""
    mode: str
    """Whether less (min) or more (max) of it is better."""


METRICS: Registry[OwnMetric] = Registry("metric")
"""The metrics that plug-ins register, by their names in `evaluation.metrics`."""


def metric(name: str, *, mode: str) -> Callable[[Callable[..., float]], Callable[..., float]]:
    """Register a function of arrays as a metric by name: (targets, predictions) of all scored positions -> a number.

    `mode` says whether less (min) or more (max) is better. `evaluation.metrics: [NAME]` measures it on the test split as
    `test_NAME`. Raises ValueError for another mode and for a name that is taken.
    """
    if mode not in ("min", "max"):
        raise ValueError(f"mode must be min or max, got {mode!r}")
    if name in {metric for kind in KINDS.values() for metric in kind.metrics}:
        raise ValueError(f"there is a metric {name!r} already, from rnnlab: give another name")

    def register(compute: Callable[..., float]) -> Callable[..., float]:
        METRICS.add(name, OwnMetric(compute, mode), file_of(compute))
        return compute

    return register
