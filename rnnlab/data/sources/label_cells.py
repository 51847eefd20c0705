"""Cells become labels: one a text, or several with a sign between them or as a list."""

import ast
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial

from rnnlab.data.sources.frames import Frame, RowPlace
from rnnlab.data.sources.layout import Entry
from rnnlab.data.sources.numbers import missing
from rnnlab.errors import UserError

BETWEEN = ("|", ";", ",")
"""What is tried between the labels of a cell."""


def between(cells: Iterable[Entry]) -> str | None:
    """Return what stands between the labels of cells; None where each is one label or a list.

    >>> between(["a;b", "c"]), between(["a", "['a', 'b']"])
    (';', None)
    """
    texts = [cell for cell in cells if isinstance(cell, str) and listed(cell) is None]
    return next((sign for sign in BETWEEN if any(sign in text for text in texts)), None)


def listed(text: str) -> list[Entry] | None:
    """Return the list that a text holds, as JSON or as Python writes it; None where it holds none.

    >>> listed('["a", "b"]'), listed("('a', 1)"), listed("[a] film")
    (['a', 'b'], ['a', 1], None)
    """
    text = text.strip()
    if text[:1] + text[-1:] not in ("[]", "()", "{}"):
        return None
    for read in (json.loads, ast.literal_eval):
        with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
            cells = read(text)
            if isinstance(cells, list | tuple | set):
                return sorted(cells, key=str) if isinstance(cells, set) else list(cells)
    return None


def labels_of(frame: Frame, column: str, several: bool, words: Iterable[str], sign: str | None) -> Sequence[Entry]:
    """Return the label of each row, or where a text has `several` the list of them; None where it is missing."""
    turned = partial(_several, sign=sign) if several else _label
    known = set(words)
    return [turned(cell, RowPlace(frame, row), known) for row, cell in enumerate(frame.columns[column])]


def _label(cell: Entry, place: RowPlace, words: set[str]) -> str | None:
    if missing(cell, words):
        return None
    if isinstance(cell, list | dict) or (isinstance(cell, str) and listed(cell) is not None):
        raise UserError(f"{place}: a label should be text or a number, got {str(cell)[:60]}; labels: takes several per text")
    return str(cell)


def _several(cell: Entry, place: RowPlace, words: set[str], sign: str | None) -> list[str] | None:
    if isinstance(cell, str):
        if missing(cell, words):
            return []
        parts = listed(cell)
        cell = [part.strip() for part in cell.split(sign or "\0") if part.strip()] if parts is None else parts
    if missing(cell, words):
        return None
    if not isinstance(cell, list):
        raise UserError(f"{place}: several labels should be a list, got {str(cell)[:60]}")
    labels = [_label(one, place, words) for one in cell]
    if None in labels:
        raise UserError(f"{place}: a label of {str(cell)[:60]} is missing")
    return list(dict.fromkeys(map(str, labels)))
