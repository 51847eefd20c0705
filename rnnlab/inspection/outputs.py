"""What the outputs of a model mean: classes, independent labels, or numbers."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import keras
import numpy as np

from rnnlab import compat
from rnnlab.data.task import Kind, Task
from rnnlab.inspection.scores import TINY, entropy, softmax, two_sided
from rnnlab.tensors import Tensor


class Link(NamedTuple):
    """The functions from a model's outputs to its predictions and back, and the entropy of a prediction."""

    predict: Callable[[np.ndarray], np.ndarray]
    """Outputs become probabilities, or numbers, in float64."""
    outputs: Callable[[np.ndarray], np.ndarray] | None
    """Outputs with the same probabilities or numbers; None where they are unknown."""
    entropy: Callable[[np.ndarray], np.ndarray]
    """The entropy of a prediction in nats; zero where it is a number."""


def _log(p: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(p, TINY))


CLASSES = Link(softmax, _log, entropy)
"""Logits (..., classes) are probabilities (..., classes)."""
LABELS = Link(
    lambda logits: two_sided(1 / (1 + np.exp(-np.asarray(logits, np.float64)))),
    lambda p: _log(p[..., 1]) - _log(p[..., 0]),
    entropy,
)
"""Logits (..., labels) are the probabilities (..., labels, 2) of each label to be absent or there."""
PROBABLE_CLASSES = CLASSES._replace(predict=lambda p: np.array(p, np.float64), outputs=lambda p: p)
"""Outputs (..., classes) are probabilities as they are."""
PROBABLE_LABELS = LABELS._replace(predict=lambda p: two_sided(np.asarray(p, np.float64)), outputs=lambda p: p[..., 1])
"""Outputs (..., labels) are the probabilities of each label to be there."""
NUMBERS = Link(
    lambda outputs: np.array(outputs, np.float64), lambda numbers: numbers, lambda numbers: np.zeros(numbers.shape[:-1])
)
"""Outputs are the predictions."""


LOGITS = ("", "linear", "log_softmax")
"""The activations of a head that gives logits."""


def told(model: keras.Model, its: Link) -> Link:
    """The link for the model's own outputs, which are probabilities where its head has a softmax or a sigmoid.

    Raises ValueError where the link does not fit the head.
    """
    head = compat.last_operation(model)
    name = "softmax" if isinstance(head, keras.layers.Softmax) else _name(getattr(head, "activation", None))
    known = {"softmax": (CLASSES, PROBABLE_CLASSES), "sigmoid": (LABELS, PROBABLE_LABELS)}
    if its not in (CLASSES, LABELS) or name in LOGITS:
        return its
    if name not in known:
        wanted = "classes or labels need one that is linear (logits), softmax or sigmoid (probabilities)"
        raise ValueError(f"the model's head {head.name!r} ends in a {name}, and {wanted}")
    logits, probable = known[name]
    if its is not logits:
        wanted = "classes, of a softmax or of logits" if its is CLASSES else "labels, of a sigmoid or of logits"
        raise ValueError(f"the model's head {head.name!r} ends in a {name}, and what is asked for are {wanted}")
    return probable


def _name(activation: Callable | None) -> str:
    return getattr(activation, "__name__", "")


def _rising(count: int, outputs: np.ndarray) -> np.ndarray:
    """Outputs (..., numbers * quantiles), the quantiles of a number side by side, in rising order."""
    numbers = np.array(outputs, np.float64)
    return np.sort(numbers.reshape(*numbers.shape[:-1], -1, count), axis=-1).reshape(numbers.shape)


def link(task: Task) -> Link:
    """Return the link for the outputs of a model for a task."""
    if task.quantiles:
        return NUMBERS._replace(predict=partial(_rising, len(task.quantiles)))
    if task.kind.own:
        return _own(task.kind)
    return LABELS if task.name in ("multilabel", "labelling") else CLASSES if task.kind.classes else NUMBERS


_MEANINGS = {"classes": CLASSES, "labels": LABELS, "numbers": NUMBERS}


def _own(kind: Kind) -> Link:
    """The link for a user's task."""
    if isinstance(kind.predict, str):
        return _MEANINGS[kind.predict]
    return Link(_plain(kind.predict), _plain(kind.inverse) if kind.inverse else None, _MEANINGS[kind.meaning].entropy)


def _plain(function: Callable[[Tensor], Tensor]) -> Callable[[np.ndarray], np.ndarray]:
    """The function on NumPy arrays, whatever library it is written in."""
    return lambda values: np.array(keras.ops.convert_to_numpy(function(values)), np.float64)
