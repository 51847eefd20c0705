"""Metrics of each class or label on the test split: precision, recall, F1, and the confusion matrix."""

from collections.abc import Iterable

import keras
import numpy as np

from rnnlab.data.dataset import Dataset, Split
from rnnlab.data.task import Task
from rnnlab.documents import Record
from rnnlab.inspection.montecarlo import Samples, usual
from rnnlab.inspection.outputs import link

PREDICTED = {"classification": "classes", "tagging": "classes", "labelling": "labels"}
"""The built-in tasks whose classes or labels have names, and which of the two they predict."""
MOST = 200
"""The most classes for which the confusion matrix is kept."""


def confusion(true: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Return how many positions of each class (rows) were taken for each class (columns).

    >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    return np.bincount(true * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def precision_recall_f1(hits: np.ndarray, predicted: np.ndarray, true: np.ndarray) -> dict[str, np.ndarray]:
    """Return TP / (TP + FP), TP / (TP + FN) and 2 TP / (2 TP + FP + FN) of each class; 0 where that is 0 / 0."""
    parts = {"precision": (hits, predicted), "recall": (hits, true), "f1": (2 * hits, predicted + true)}
    return {name: above / np.maximum(below, 1) for name, (above, below) in parts.items()}


def average_precision(true: np.ndarray, scores: np.ndarray) -> float:
    """Return sum_n (R_n - R_{n-1}) P_n over the distinct scores from the highest down; NaN where nothing is true.

    >>> average_precision(np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1]))
    0.8333333333333333
    """
    if not true.sum():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(true[order])
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    precision, recall = hits[ends] / (ends + 1), hits[ends] / hits[-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def per_class(model: keras.Model, dataset: Dataset) -> tuple[dict[str, float], Record | None]:
    """Return metrics that need the whole test split at once, and those of each class; noise off.

    For classes: `precision`, `recall`, `f1`, `support` each, and the `confusion` matrix of at most `MOST` classes. For single
    labels: the same without a matrix, `average_precision` each, and as metrics its mean and the macro F1 over the labels that
    occur; a user's task has its own metrics. Nothing where no labels are predicted.
    """
    if not predicted_by(dataset.task):
        return {}, None
    batches = (batch.x for batch in dataset.test.batches(0, 0))
    return of_predictions(dataset, usual(model, batches, link(dataset.task)))


def of_predictions(dataset: Dataset, drawn: Iterable[Samples]) -> tuple[dict[str, float], Record | None]:
    """Return the same from given predictions for the test split, one for each batch in its order."""
    if not (what := predicted_by(dataset.task)):
        return {}, None
    true, probabilities = real_positions(dataset.test, drawn)
    if what == "labels":
        metrics, classes = _of_labels(_names(dataset, true.shape[-1]), true, probabilities[..., 1])
        return {} if dataset.task.kind.own else metrics, classes
    names = _names(dataset, probabilities.shape[-1])
    matrix = confusion(true.astype(np.int64), probabilities.argmax(-1), len(names))
    rows = _rows(names, np.diag(matrix), matrix.sum(axis=0), matrix.sum(axis=1))
    return {}, {"classes": rows, "confusion": matrix.tolist() if len(names) <= MOST else None}


def predicted_by(task: Task) -> str:
    """Return whether a task predicts `classes`, or independent `labels`, that a table shows; empty where neither.

    Next tokens are classes without a table; so are classes that are compared with targets of another kind.
    """
    kind = task.kind
    if not kind.own:
        return PREDICTED.get(task.name, "")
    told = kind.meaning == "classes" if kind.classes else kind.meaning == "labels" and kind.heads == 1
    return kind.meaning if told and not kind.ahead else ""


def _names(dataset: Dataset, count: int) -> list[str]:
    """The names of the classes or labels in the data, else their numbers."""
    return list(dataset.codec.labels) or [str(number) for number in range(count)]


def real_positions(split: Split, drawn: Iterable[Samples]) -> tuple[np.ndarray, np.ndarray]:
    """Return targets and predictions of every real position of a split, from one prediction for each batch in its order."""
    targets, predicted = [], []
    for batch, samples in zip(split.batches(0, 0), drawn, strict=True):
        real = batch.sample_weight > 0
        targets.append(batch.y[real])
        predicted.append(samples.mean[real])
    return np.concatenate(targets), np.concatenate(predicted)


def _of_labels(names: list[str], true: np.ndarray, probabilities: np.ndarray) -> tuple[dict[str, float], Record]:
    there, predicted = true > 0, probabilities > 0.5
    rows = _rows(names, (there & predicted).sum(axis=0), predicted.sum(axis=0), there.sum(axis=0))
    precisions = [average_precision(there[:, number], probabilities[:, number]) for number in range(len(names))]
    for row, value in zip(rows, precisions, strict=True):
        row["average_precision"] = None if np.isnan(value) else value
    occurs = there.any(axis=0) | predicted.any(axis=0)
    f1 = np.array([row["f1"] for row in rows])
    known = [value for value in precisions if not np.isnan(value)]
    metrics = {"test_macro_f1": float(f1[occurs].mean())} if occurs.any() else {}
    return metrics | ({"test_average_precision": float(np.mean(known))} if known else {}), {"classes": rows, "confusion": None}


def _rows(names: list[str], hits: np.ndarray, predicted: np.ndarray, true: np.ndarray) -> list[Record]:
    scores = {name: values.tolist() for name, values in precision_recall_f1(hits, predicted, true).items()}
    columns = zip(names, *scores.values(), true.tolist(), strict=True)
    return [dict(zip(("label", *scores, "support"), row, strict=True)) for row in columns]
