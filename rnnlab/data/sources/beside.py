"""Numbers and categories beside a text become one vector for each example, as learnt from the training rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnnlab.data.sources import arrays, encoders
from rnnlab.data.sources.encoders import Encoder
from rnnlab.data.sources.layout import Entry
from rnnlab.data.sources.reading import Row

Encoders = tuple[tuple[str, Encoder], ...]
"""How each column becomes numbers, in their order."""


def learnt(rows: Sequence[Row], columns: Sequence[str]) -> Encoders:
    """Return how the columns beside the text of training rows become numbers: these with their mean and deviation."""
    return tuple((name, _learnt(rows, place, name)) for place, name in enumerate(columns))


def _learnt(rows: Sequence[Row], place: int, column: str) -> Encoder:
    cells = _column([row.beside[place] for row in rows])
    encoder = encoders.learnt(cells, column, lambda row: str(rows[row].place))
    if encoder["kind"] != "number":
        return encoder
    scale = arrays.measured(cells[:, None])
    return {**encoder, "mean": scale.mean[0], "deviation": scale.deviation[0]}


def encoded(rows: Sequence[Row], known: Encoders) -> np.ndarray:
    """Return [rows, features], float32: numbers standardised, a category as a one among zeros; what is unknown is all zeros."""
    parts = [np.zeros((len(rows), 0))]
    for place, (column, encoder) in enumerate(known):
        numbers = encoders.encoded(
            _column([row.beside[place] for row in rows]), encoder, column, lambda row: str(rows[row].place)
        )
        parts.append(np.nan_to_num((numbers - encoder["mean"]) / encoder["deviation"]) if "mean" in encoder else numbers)
    return np.concatenate(parts, axis=1).astype(np.float32)


def unknown(row: Row, known: Encoders) -> list[str]:
    """Return the features beside a row that are unknown to the model: a missing number, a category that training lacks.

    >>> unknown(Row("a film", beside=["Peru", 1.5]), (("land", {"kind": "category", "names": ["Chile"]}), ("age", {})))
    ['land=Peru']
    """
    pairs = zip(known, row.beside, strict=True)
    return [f"{column}={_shown(cell)}" for (column, encoder), cell in pairs if not _known(cell, encoder)]


def _shown(cell: Entry) -> Entry:
    return "" if cell is None or cell != cell else cell


def _known(cell: Entry, encoder: Encoder) -> bool:
    return not (cell is None or cell != cell) and ("names" not in encoder or str(cell).strip() in encoder["names"])


def features(known: Encoders) -> list[str]:
    """Return the names of the features."""
    return [name for column, encoder in known for name in encoders.features(encoder, column)]


def _column(cells: list[Entry]) -> Any:
    """The cells of a column, an array where all are numbers."""
    return np.array(cells, np.float64) if all(isinstance(cell, float) for cell in cells) else cells
