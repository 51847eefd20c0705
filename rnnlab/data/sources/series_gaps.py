"""Missing values of a series: refused with their number and lines, interpolated, filled, or marked."""

from collections.abc import Callable, Mapping

import numpy as np

from rnnlab.errors import UserError
from rnnlab.section import Section

SHOWN = 5
"""Lines of a complaint that are shown."""


class Fill(Section):
    """A number in place of missing values."""

    fill: float
    """What is read, and scored, where a value is missing, in the units of the data."""


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


def filled(splits: Mapping[str, np.ndarray], missing: str | Fill) -> dict[str, np.ndarray]:
    """Return the values [steps, columns] of each split without gaps, as `missing` says; raise UserError where all are missing.

    >>> filled({"train": np.array([[1.0], [np.nan], [3.0]])}, "interpolate")["train"].ravel().tolist()
    [1.0, 2.0, 3.0]
    >>> filled({"train": np.array([[1.0], [np.nan], [3.0]])}, "mask")["train"].tolist()
    [[1.0, 1.0], [2.0, 0.0], [3.0, 1.0]]
    """
    for name, values in splits.items():
        if len(values) and np.isnan(values).all(axis=0).any() and not isinstance(missing, Fill):
            raise UserError(f"the {name} split of the series has a column without any value")
    if isinstance(missing, Fill):
        return {name: np.nan_to_num(values, nan=missing.fill) for name, values in splits.items()}
    if missing == "mask":
        return _masked(splits)
    if missing == "refuse":
        return dict(splits)
    return {name: np.stack([_line(column) for column in values.T], axis=1) for name, values in splits.items()}


def _line(values: np.ndarray) -> np.ndarray:
    """Straight lines between the known values; before the first and after the last, these."""
    known = np.flatnonzero(~np.isnan(values))
    return np.interp(np.arange(len(values)), known, values[known])


def _masked(splits: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The mean over the training split where a value is missing, and a feature for every column that has gaps."""
    mean = np.nanmean(splits["train"], axis=0)
    gappy = np.flatnonzero(np.isnan(np.concatenate(list(splits.values()))).any(axis=0))
    return {
        name: np.concatenate([np.where(np.isnan(values), mean, values), ~np.isnan(values[:, gappy])], axis=1)
        for name, values in splits.items()
    }
