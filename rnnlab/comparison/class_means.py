"""The metrics of each class by variant, over all its seeds that are done."""

from dataclasses import dataclass

import numpy as np

from rnnlab.comparison.load import Runs
from rnnlab.documents import Fields
from rnnlab.storage.run_result import RunResult


@dataclass(frozen=True)
class ClassMeans:
    """One class or label of the test split: means over the seeds."""

    label: str
    precision: float
    recall: float
    f1: float
    support: float
    """The number of examples, or steps, of the class."""
    average_precision: float | None = None
    """For labels that are predicted independently."""


@dataclass(frozen=True)
class Classes:
    """The metrics of one variant for the classes of the test split."""

    seeds: int
    """The number of runs that are done."""
    classes: list[ClassMeans]
    confusion: list[list[int]] | None
    """The confusion matrix, summed over the seeds: positions by true class (rows) and predicted class (columns)."""


def classes_of(runs: Runs) -> dict[str, Classes]:
    """Return the classes of every variant that predicts some; runs that name other classes than the first one are left out."""
    told = {name: _told([run.result for run in of.values() if run and run.result]) for name, of in runs.items()}
    return {name: _means(of) for name, of in told.items() if of}


def _told(results: list[RunResult]) -> list[Fields]:
    given = [result.classes for result in results if result.status == "done" and result.classes]
    return [one for one in given if _labels(one) == _labels(given[0])]


def _labels(told: Fields) -> list[str]:
    return [row["label"] for row in told["classes"]]


def _means(told: list[Fields]) -> Classes:
    rows = [ClassMeans(of[0]["label"], **_mean(of)) for of in zip(*(one["classes"] for one in told), strict=True)]
    matrices = [one["confusion"] for one in told]
    return Classes(len(told), rows, None if None in matrices else np.sum(matrices, axis=0).tolist())


def _mean(rows: tuple[Fields, ...]) -> dict[str, float]:
    names = [name for name in ("precision", "recall", "f1", "support", "average_precision") if name in rows[0]]
    given = {name: [row[name] for row in rows if row[name] is not None] for name in names}
    return {name: float(np.mean(values)) for name, values in given.items() if values}
