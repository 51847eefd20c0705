"""What of a table of cases the short suite keeps; the rest of the table is marked slow."""

import os
from collections.abc import Iterable, Sequence
from typing import Any

import pytest


def first(rows: Iterable[Sequence[Any]]) -> list[Sequence[Any]]:
    """Rows of a table of cases that show a value of some column for the first time."""
    seen: set[tuple[int, str]] = set()
    new = []
    for row in rows:
        values = {(column, str(value)) for column, value in enumerate(row)}
        new += [] if values <= seen else [row]
        seen |= values
    return new


def thinned(rows: Iterable[Sequence[Any]]) -> list[Any]:
    """Rows of a table of cases: those that show a value of some column for the first time stay, all others are slow.

    So the short suite sees every value of every column once, and the whole suite every combination.
    """
    every = list(rows)
    stay = {id(row) for row in first(every)}
    return [pytest.param(*row, marks=() if id(row) in stay else pytest.mark.slow) for row in every]


def short_on_jax(cases: Iterable[Any]) -> list[Any]:
    """Cases without those that are slow, on JAX: what settings do together is code that both backends share."""
    return [case for case in cases if not case.marks or os.environ["KERAS_BACKEND"] != "jax"]


def thinned_on_jax(rows: Iterable[Sequence[Any]]) -> list[Any]:
    """As `thinned`, and on JAX the slow rows are left out."""
    return short_on_jax(thinned(rows))


def kept(cases: Iterable[Any], *short: Any) -> list[Any]:
    """Cases, a tuple each where they have several columns: those named, or else the first, stay; all others are slow."""
    every = list(cases)
    stay = short or every[:1]
    assert all(case in every for case in stay)
    rows = [case if isinstance(case, tuple) else (case,) for case in every]
    marks = [() if case in stay else pytest.mark.slow for case in every]
    return [pytest.param(*row, marks=mark) for row, mark in zip(rows, marks, strict=True)]
