"""Class weights: the weights of a training split, multiplied by those of the classes."""

from collections.abc import Mapping

import numpy as np

from rnnlab.data.dataset import Batch, Dataset, Split
from rnnlab.errors import UserError
from rnnlab.names import nearest

Weights = str | Mapping[str, float] | None
"""balanced, or a weight by label."""


class ClassWeighted(Split):
    """A split whose examples, or steps, are weighted by class."""

    def __init__(self, split: Split, weights: np.ndarray):
        self.split, self.weights = split, weights
        self.size, self.rows, self.count = split.size, split.rows, split.count
        self.varied, self.paced = split.varied, split.paced

    def order(self, seed: int, epoch: int) -> np.ndarray:
        """Return what goes into each batch of an epoch, as the split has it."""
        return self.split.order(seed, epoch)

    def batch(self, items: np.ndarray) -> Batch:
        """Return the batch of the split, its weights, or of several labels the marks, multiplied by those of the classes."""
        x, y, weights = self.split.batch(items)
        if y.dtype.kind == "f":
            return Batch(x, y * self.weights, weights)
        return Batch(x, y, (weights * self.weights[y]).astype(weights.dtype))

    def arrays(self) -> tuple[np.ndarray, ...]:
        """Return the arrays of the split and the weights."""
        return (*self.split.arrays(), self.weights)

    def pace(self, items: np.ndarray) -> float:
        """Return how long a batch is, as the split has it."""
        return self.split.pace(items)


def weighted(dataset: Dataset, weights: Weights) -> Split:
    """Return the training split with the weights of its classes; the split itself where there are none."""
    weights_of_classes = class_weights(dataset, weights)
    return dataset.train if weights_of_classes is None else ClassWeighted(dataset.train, weights_of_classes)


def class_weights(dataset: Dataset, weights: Weights) -> np.ndarray | None:
    """Return the weight of each class, None where all count equally.

    balanced: w_k = n / (K n_k) of K classes with n_k of n examples or steps each, so that the mean weight is 1. Where an
    example has several labels, w_k = (n - n_k) / n_k, so that having a label weighs as much as not having it. Raises UserError
    at a label that the data do not have.
    """
    if weights is None:
        return None
    if not isinstance(weights, str):
        return _named(dataset, weights)
    targets = [batch.y[batch.sample_weight > 0] for batch in dataset.train.batches(0, 0)]
    if dataset.task.name == "labelling":
        return _of_marks(np.concatenate(targets))
    counts = np.bincount(np.concatenate([part.ravel() for part in targets]), minlength=dataset.task.outputs)
    occurs = counts > 0
    return np.where(occurs, counts.sum() / (occurs.sum() * np.maximum(counts, 1)), 1.0).astype(np.float32)


def _of_marks(marks: np.ndarray) -> np.ndarray:
    """The weight of having each label, from marks [examples, labels]; 1 where all examples have it, or none."""
    have = marks.sum(axis=0)
    lack = len(marks) - have
    return np.where((have > 0) & (lack > 0), lack / np.maximum(have, 1), 1.0).astype(np.float32)


def _named(dataset: Dataset, weights: Mapping[str, float]) -> np.ndarray:
    labels = list(dataset.codec.labels) or [str(number) for number in range(dataset.task.outputs)]
    for label in weights:
        if label not in labels:
            known = ", ".join(labels[:12])
            raise UserError(
                f"training.class_weights: there is no label {label!r}{nearest(label, labels)}; the labels are {known}"
            )
    return np.array([weights.get(label, 1.0) for label in labels], np.float32)
