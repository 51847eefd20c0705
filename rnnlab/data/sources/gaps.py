"""Rows with missing values: refused with their count and first lines, or dropped and counted."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab.data.sources.frames import Frame
from rnnlab.data.sources.numbers import missing
from rnnlab.documents import Fields
from rnnlab.errors import UserError

if TYPE_CHECKING:
    from rnnlab.data.sources.table import Table

SHOWN = 5
"""Lines of a complaint that are shown."""


def gaps(frame: Frame, targets: Sequence[Any], beside: Fields, config: "Table") -> dict[str, np.ndarray]:
    """Return by column which rows have no text, no target, or nothing beside; raise UserError at a text that is none."""
    words = set(config.missing_values)
    lacking = {name: _no_text(frame, name, words) for name in config.texts}
    lacking |= {name: _nothing(cells) for name, cells in beside.items()}
    if config.split_by:
        lacking[config.split_by] = np.array([missing(cell, words) for cell in frame.columns[config.split_by]], bool)
    if config.value is None:
        return lacking | {str(config.label or config.labels): np.array([target is None for target in targets], bool)}
    values = np.array(targets, np.float64).reshape(-1, len(config.values))
    return lacking | {name: np.isnan(values[:, place]) for place, name in enumerate(config.values)}


def _no_text(frame: Frame, column: str, words: set[str]) -> np.ndarray:
    texts = frame.columns[column]
    for row, text in enumerate(texts):
        if not (text is None or isinstance(text, str) or text != text):
            raise UserError(f"{frame.place(row)}: the column {column!r} should be text, got {text!r:.60}")
    return np.array([missing(text, words) or not text.strip() for text in texts], bool)


def _nothing(cells: np.ndarray | list[str | None]) -> np.ndarray:
    return np.isnan(cells) if isinstance(cells, np.ndarray) else np.array([cell is None for cell in cells], bool)


def dropped(frame: Frame, lacking: dict[str, np.ndarray], config: "Table") -> np.ndarray:
    """Return which rows are kept; raise UserError where a row lacks something and `missing` does not say to drop it."""
    wrong = np.logical_or.reduce(list(lacking.values()))
    if wrong.any() and config.missing == "refuse":
        told = "; ".join(complaint(frame, name, mask) for name, mask in lacking.items() if mask.any())
        words = {cell for name in config.texts for cell in _given(frame.columns[name], lacking[name])}
        said = f"; missing_values: says which cells are none, now {', '.join(sorted(words))[:40]} too" if words else ""
        raise UserError(f"{told}; missing: drop leaves such rows out{said}")
    if wrong.all():
        raise UserError(f"{frame.path} has no row with a value in every column that is used: {', '.join(lacking)}")
    return ~wrong


def _given(cells: Sequence[Any], lacking: np.ndarray) -> list[str]:
    """The texts of cells that lack a value."""
    return [text for row in np.flatnonzero(lacking).tolist() if isinstance(cells[row], str) and (text := cells[row].strip())]


def complaint(frame: Frame, column: str, mask: np.ndarray) -> str:
    """Return in words how many rows have no value in a column, and where the first of them are."""
    rows = np.flatnonzero(mask)
    places = ", ".join(frame.line(int(row)).lstrip(": ") for row in rows[:SHOWN])
    more = ", ..." if len(rows) > SHOWN else ""
    first = f"{frame.path}{frame.line(int(rows[0]))}"
    have = "rows has" if len(rows) == 1 else "rows have"
    return f"{first}: {len(rows)} of {len(mask)} {have} no value in the column {column!r} (at {places}{more})"
