"""Missing values of a series: refused with their number and lines, interpolated, filled, or marked."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from rnnlab.data.sources.numbers import LARGEST
from rnnlab.data.sources.source_config import SPLITS
from rnnlab.errors import UserError
from rnnlab.section import Section

SHOWN = 5
"""Lines of a complaint that are shown."""


class Fill(Section):
    """A number that replaces missing values."""

    fill: Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
    """The values that are read, and scored, instead of missing ones, in the units of the data."""


def refused(path: str, columns: Mapping[str, np.ndarray], line: Callable[[int], str]) -> None:
    """Raise UserError where values [steps] or [steps, features] are missing, with their number and the first places."""
    for name, values in columns.items():
        rows = np.flatnonzero(np.isnan(values.reshape(len(values), -1)).any(axis=1))
        if len(rows):
            places = ", ".join(line(int(row)).lstrip(": ") for row in rows[:SHOWN]) + ", ..." * (len(rows) > SHOWN)
            have = "rows has" if len(rows) == 1 else "rows have"
            said = f"{len(rows)} of {len(values)} {have} no value in the column {name!r} (at {places})"
            hint = "missing: interpolate, mask or {fill: NUMBER} says what stands there"
            raise UserError(f"{path}{line(int(rows[0]))}: {said}; {hint}")


class Gaps(NamedTuple):
    """The value that is read instead of a marked missing one."""

    columns: list[int]
    """The features that had gaps: of each a further feature says whether a value was there."""
    mean: list[float]
    """The value for every feature, from the training split."""


def measured(train: np.ndarray, everything: np.ndarray) -> Gaps:
    """Return the gaps of values [steps, features], and the means over the training split."""
    known = ~np.isnan(train)
    mean = np.where(known, train, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return Gaps(np.flatnonzero(np.isnan(everything).any(axis=0)).tolist(), mean.tolist())


def filled(values: np.ndarray, missing: str | Fill, gaps: Gaps, place: str) -> np.ndarray:
    """Return values [steps, features] without gaps, as `missing` says; raise UserError where a feature has no value at all.

    >>> values = np.array([[1.0], [np.nan], [3.0]])
    >>> filled(values, "interpolate", measured(values, values), "").ravel().tolist()
    [1.0, 2.0, 3.0]
    >>> filled(values, "mask", measured(values, values), "").tolist()
    [[1.0, 1.0], [2.0, 0.0], [3.0, 1.0]]
    """
    if isinstance(missing, Fill):
        return np.nan_to_num(values, nan=missing.fill)
    if missing == "mask":
        return np.concatenate([np.where(np.isnan(values), gaps.mean, values), ~np.isnan(values[:, gaps.columns])], axis=1)
    if not len(values) or not np.isnan(values).any():
        return values
    if np.isnan(values).all(axis=0).any():
        raise UserError(
            f"{place}: a column has no value from here to the end of its split or file; missing: mask leaves it out"
        )
    return np.stack([_line(column) for column in values.T], axis=1)


def check_scored(real: np.ndarray, parts: Sequence[Sequence[int]], place: str) -> None:
    """Raise UserError where a split has no value to score; `parts` are rows of split, origin, steps, begin and end."""
    for split, name in enumerate(SPLITS):
        own = [real[origin + begin : origin + end] for number, origin, _, begin, end in parts if number == split]
        if not any(part.any() for part in own):
            raise UserError(f"{place}: the {name} split has no value to score: all of its targets are missing")


def _line(values: np.ndarray) -> np.ndarray:
    """Straight lines between the known values; before the first and after the last, these."""
    known = np.flatnonzero(~np.isnan(values))
    return np.interp(np.arange(len(values)), known, values[known])
