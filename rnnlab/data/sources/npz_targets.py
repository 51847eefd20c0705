"""The targets of arrays become numbers: labels by their places among their names, values with mean 0 and deviation 1."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from rnnlab.data.sources import arrays
from rnnlab.data.sources.arrays import Sequences
from rnnlab.data.tokenizer import Codec, Scale
from rnnlab.errors import UserError

if TYPE_CHECKING:
    from rnnlab.data.sources.npz import Arrays


def scaled(values: np.ndarray, scale: Scale | None) -> np.ndarray:
    """Return values as they are fed, float32, standardised where they have a scale."""
    return (scale.standardised(values) if scale else values).astype(np.float32)


def numbering(config: "Arrays", train: Sequences) -> tuple[Codec, Callable[[Sequences], np.ndarray], list[str]]:
    """Return how targets are decoded, how they become numbers, and in words what is odd about them."""
    if config.frames:
        return Codec(), lambda part: part.targets.astype(np.float32), []
    if config.value:
        values = arrays.columns(train.targets)
        names = [config.value] if values.shape[1] == 1 else [f"{config.value}_{place}" for place in range(values.shape[1])]
        told = arrays.check_varies(f"{train.place}: {config.value!r}", values, names)
        scale = arrays.measured(values) if config.standardise else None
        return Codec(targets=scale), lambda part: scaled(arrays.columns(part.targets), scale), told
    labels = np.unique(train.targets)
    if config.label and len(labels) < 2:
        raise UserError(f"{train.place}: every example of the training split has the label {str(labels[0])!r}; two are needed")
    return Codec(labels=tuple(map(str, labels))), partial(_numbered, labels), []


def _numbered(names: np.ndarray, part: Sequences) -> np.ndarray:
    labels = part.targets
    if labels.ndim != 1 or labels.dtype.kind not in "iubUS":
        raise UserError(f"{part.place}: labels should be whole numbers or strings, got {labels.dtype} {list(labels.shape)}")
    strange = ~np.isin(labels, names)
    if strange.any():
        which, known = int(strange.argmax()), ", ".join(map(str, names[:12]))
        raise UserError(
            f"{part.place}: the label {labels[which]!s} (place {which}) is not in the training split; it has {known}"
        )
    return np.searchsorted(names, labels).astype(np.int32)
