"""Arrays of .npz files, read with checks that name file, array, example and step."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np

from rnnlab.data.sources.layout import MISSING
from rnnlab.data.sources.numbers import LARGEST
from rnnlab.data.sources.object_arrays import objects
from rnnlab.data.tokenizer import Scale
from rnnlab.errors import UserError
from rnnlab.names import nearest


class Sequences(NamedTuple):
    """Examples end to end."""

    values: np.ndarray
    """[steps of all, features]."""
    sizes: np.ndarray
    """The steps of each, [examples]."""
    targets: np.ndarray
    """[examples, ...] or [steps of all, ...]."""
    place: str
    """The files."""

    def chosen(self, which: np.ndarray) -> "Sequences":
        """Return the examples that are marked."""
        steps = np.repeat(which, self.sizes)
        own = which if len(self.targets) == len(self.sizes) else steps
        return Sequences(self.values[steps], self.sizes[which], self.targets[own], self.place)


def load(path: Path, names: Iterable[str]) -> dict[str, np.ndarray]:
    """Return the named arrays of a file; raise UserError where one is missing, holds Python objects, or cannot be read."""
    try:
        file = np.load(path, allow_pickle=False)
        if isinstance(file, np.ndarray):
            raise UserError(f"{path} is a single array; numpy.savez gives arrays names")
        with file:
            for name in names:
                if name not in file:
                    has = ", ".join(file.files) or "none"
                    raise UserError(f"{path} has no array {name!r}{nearest(name, file.files)}; it has {has}")
            return {name: _array(path, file, name) for name in names}
    except (BadZipFile, EOFError, OSError) as error:
        raise UserError(f"{path} is not a complete .npz file: {error}") from None
    except ValueError as error:
        reason = "it is not a zip archive" if "pickle" in str(error) else error  # NumPy's advice is to trust the file
        raise UserError(f"{path} is not a complete .npz file: {reason}") from None


def _array(path: Path, file: Any, name: str) -> np.ndarray:
    """An array of the file; one of Python objects where these are texts or numbers."""
    try:
        return np.asarray(file[name])
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise
    return objects(path, name)


def sizes_of(place: str, x: np.ndarray, given: np.ndarray | None) -> np.ndarray:
    """Return the steps of each example; `x` is [examples, steps, ...], padded where sizes are `given`, or end to end."""
    if given is None:
        if x.ndim in (2, 3) and not x.size:
            raise UserError(f"{place} has no {'examples' if not len(x) else 'values'}: its shape is {list(x.shape)}")
        if x.ndim not in (2, 3):
            hint = "examples that are joined end to end need sizes: the name of the array of their lengths"
            raise UserError(f"{place} should be [examples, steps, features], got {list(x.shape)}; {hint}")
        return np.full(len(x), x.shape[1])
    if given.ndim != 1 or given.dtype.kind not in "iu" or not len(given) or given.min() < 1:
        raise UserError(f"{place}: its sizes should be whole numbers from 1, one per example, got {given.ravel()[:6].tolist()}")
    if padded(x, given) and given.max() > x.shape[1]:
        raise UserError(f"{place} has room for {x.shape[1]} steps per example, its sizes go up to {given.max()}")
    if not padded(x, given) and given.sum() != len(x):
        raise UserError(f"{place} has {len(x)} steps in all, its sizes sum to {given.sum()}")
    return given.astype(np.int64)


def padded(x: np.ndarray, sizes: np.ndarray) -> bool:
    """Return whether an array has a row for every example; one that is end to end has a row for every step."""
    return x.ndim > 1 and len(x) == len(sizes) != sizes.sum()


def end_to_end(x: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return [steps of all, ...].

    >>> end_to_end(np.array([[1, 2], [3, 0]]), np.array([2, 1])).tolist()
    [1, 2, 3]
    """
    return x[np.arange(x.shape[1]) < sizes[:, None]] if padded(x, sizes) else x


def whole(x: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return [steps of all, ...] of what is padded, end to end, or of one length."""
    if x.ndim > 1 and len(x) == len(sizes) and sizes.max() == sizes.min() == x.shape[1]:
        return x.reshape(-1, *x.shape[2:])
    return end_to_end(x, sizes)


def before(part: Sequences) -> np.ndarray:
    """Return the step before each step, [steps of all, features]; zeros before the first step of an example."""
    shifted = np.roll(part.values, 1, axis=0)
    shifted[part.sizes.cumsum() - part.sizes] = 0
    return shifted


def check_finite(place: str, values: np.ndarray, sizes: np.ndarray, largest: float = LARGEST) -> None:
    """Raise UserError at the first of the numbers [steps of all, features] that is none, or greater than the largest."""
    if values.dtype.kind not in "fiub" or values.ndim != 2:
        raise UserError(f"{place} should be numbers with one axis of features, got {values.dtype} {list(values.shape)}")
    wrong = np.argwhere(~(np.abs(values.astype(np.float64)) <= largest))
    if len(wrong):
        step, feature = (int(number) for number in wrong[0])
        example = int(np.searchsorted(sizes.cumsum(), step, side="right"))
        inside = step - int(sizes[:example].sum())
        received = f"{values[step, feature]} in example {example}, step {inside}, feature {feature}"
        limit = "finite" if not np.isfinite(values[step, feature]) else f"up to {largest:.4g} (32 bits)"
        raise UserError(f"{place} should be {limit}, got {received} (counted from 0; {len(wrong)} in all)")


def measured(values: np.ndarray) -> Scale:
    """Return mean and deviation of each feature of [steps, features]; what never changes has deviation 1."""
    values = values.astype(np.float64)
    deviation = values.std(axis=0)
    return Scale(tuple(values.mean(axis=0).tolist()), tuple(np.where(deviation > 0, deviation, 1.0).tolist()))


def check_varies(place: str, values: np.ndarray, names: Sequence[str]) -> list[str]:
    """Return in words which targets [rows, outputs] of the training split never change; raise UserError where none does.

    >>> check_varies("a.csv", np.array([[1.0, 3.0], [2.0, 3.0]]), ["heat", "rain"])
    ['rain is 3 in every row of the training split: there is nothing to learn about it']
    """
    constant = np.flatnonzero((values == values[:1]).all(axis=0)).tolist()
    if len(constant) == values.shape[1]:
        told = ", ".join(f"{value:g}" for value in values[0, :6])
        raise UserError(f"{place} is {told} in every row of the training split; two values are needed")
    return [
        f"{names[output]} is {values[0, output]:g} in every row of the training split: there is nothing to learn about it"
        for output in constant
    ]


def token_numbers(place: str, values: np.ndarray) -> np.ndarray:
    """Return token numbers [steps of all], also of [steps of all, 1]; raise UserError at anything but whole numbers from 0.

    >>> token_numbers("a.npz", np.array([[3.0], [0.0]])).tolist()
    [3, 0]
    """
    flat = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    if flat.ndim != 1 or flat.dtype.kind not in "iubf":
        raise UserError(f"{place} should be tokens [examples, steps], got {values.dtype} with {list(values.shape[1:])} a step")
    wrong = ~((flat >= 0) & (flat < 2**31 - 1) & (flat == np.floor(flat)))
    if wrong.any():
        raise UserError(f"{place} should be whole numbers from 0, got {flat[wrong][0]} ({int(wrong.sum())} such in all)")
    return flat.astype(np.int64)


def columns(values: np.ndarray) -> np.ndarray:
    """Return [examples, outputs], also of [examples]."""
    return values[:, None] if values.ndim == 1 else values


def classes(place: str, labels: np.ndarray) -> np.ndarray:
    """Return labels [examples] of [examples], [examples, 1], or one-hot [examples, classes]; raise UserError at anything else.

    >>> classes("a.npz", np.array([[0, 1], [1, 0]])).tolist()
    [1, 0]
    """
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and labels.dtype.kind in "iubf" and np.isin(labels, (0, 1)).all() and (labels.sum(axis=1) == 1).all():
        return labels.argmax(axis=1)
    if labels.dtype.kind == "f" and (gaps := np.isnan(labels)).any():
        raise UserError(
            f"{place}: {int(gaps.sum())} of {gaps.size} labels are missing (NaN), the first at {gaps.argmax()}, from 0"
        )
    if labels.dtype.kind == "f" and (labels == np.floor(labels)).all():
        labels = labels.astype(np.int64)
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels, "utf-8", "replace")
    if labels.dtype.kind == "U" and (gaps := np.isin(np.char.strip(labels), MISSING)).any():
        first = f"the first, {str(labels[gaps][0])!r}, at {gaps.argmax()}, from 0"
        raise UserError(f"{place}: {int(gaps.sum())} of {gaps.size} labels are missing ({first})")
    if labels.ndim != 1 or labels.dtype.kind not in "iubUS":
        received = f"{labels.dtype} {list(labels.shape)}"
        raise UserError(f"{place} should be labels: whole numbers or strings, one per example, or one-hot; got {received}")
    return labels
