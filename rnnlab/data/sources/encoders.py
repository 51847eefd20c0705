"""Columns of a table become numbers: numbers as they are, yes and no as 1 and 0, names as one column a name."""

from collections.abc import Callable, Sequence

import numpy as np

from rnnlab.documents import Record
from rnnlab.errors import UserError

TRUE, FALSE = ("true", "yes", "t", "y"), ("false", "no", "f", "n")
MOST = 100
"""Most names of a column."""

Encoder = Record
"""How a column becomes numbers: its kind, and the names of categories."""
PlaceOf = Callable[[int], str]
"""From the number of a row to its file and line."""


def learnt(cells: np.ndarray | Sequence[object], column: str, place: PlaceOf) -> Encoder:
    """Return how a column of the training split becomes numbers; raise UserError where it has too many names.

    >>> learnt(["wet", "dry", "wet"], "sky", str)
    {'kind': 'category', 'names': ['dry', 'wet']}
    """
    if isinstance(cells, np.ndarray) and cells.dtype.kind in "fiu":
        return {"kind": "number"}
    given = [cell for cell in cells if cell is not None]
    texts = {str(cell).strip().lower() for cell in given}
    if texts <= {*TRUE, *FALSE}:
        return {"kind": "boolean"}
    names = sorted({str(cell).strip() for cell in given})
    if len(names) > MOST:
        raise UserError(f"{place(0)}: the column {column!r} has {len(names)} different names, at most {MOST} become features")
    return {"kind": "category", "names": names}


STRANGE = "is not in the training split, and is read as none"
"""The message for a name that is not in the training data."""


def encoded(cells: np.ndarray | Sequence[object], encoder: Encoder, column: str, place: PlaceOf) -> np.ndarray:
    """Return a column as numbers [rows, features], float64; a missing name, or one that training has not seen, is all zeros.

    Raises UserError with the place of what is neither yes nor no, or of names where numbers are read.
    """
    if encoder["kind"] == "category":
        names = np.array([str(cell).strip() for cell in cells], object)
        return np.stack([names == name for name in encoder["names"]], axis=1).astype(np.float64)
    if encoder["kind"] == "boolean":
        return np.array([[_boolean(cell, column, place, row)] for row, cell in enumerate(cells)], np.float64)
    if not isinstance(cells, np.ndarray):
        raise UserError(f"{place(0)}: the column {column!r} should be numbers, got {cells[0]!r}")
    return cells.reshape(len(cells), -1).astype(np.float64)


def features(encoder: Encoder, column: str) -> list[str]:
    """Return the names of the features that a column becomes."""
    return [f"{column}={name}" for name in encoder["names"]] if encoder["kind"] == "category" else [column]


def _boolean(cell: object, column: str, place: PlaceOf, row: int) -> float:
    text = "no" if cell is None else str(cell).strip().lower()
    if text not in (*TRUE, *FALSE):
        raise UserError(f"{place(row)}: the column {column!r} should be true or false, got {cell!r}")
    return float(text in TRUE)
