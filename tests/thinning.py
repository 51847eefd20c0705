"""What of a table of cases the short suite keeps; the rest of the table is marked slow."""

import os
from collections.abc import Iterable, Sequence
from typing import Any

import pytest


def thinned(rows: Iterable[Sequence[Any]]) -> list[Any]:
    """Rows of a table of cases: those that show a value of some column for the first time stay, all others are slow.

    So the short suite sees every value of every column once, and the whole suite every combination.
    """
    seen: set[tuple[int, str]] = set()
    cases = []
    for row in rows:
        new = {(column, str(value)) for column, value in enumerate(row)} - seen
        seen |= new
        cases.append(pytest.param(*row, marks=() if new else pytest.mark.slow))
    return cases


def thinned_on_jax(rows: Iterable[Sequence[Any]]) -> list[Any]:
    """As `thinned`, and on JAX the slow rows are left out: what columns do together is code that both backends share."""
    return [case for case in thinned(rows) if not case.marks or os.environ["KERAS_BACKEND"] != "jax"]


def kept(cases: Iterable[Any], *short: Any) -> list[Any]:
    """Cases, a tuple each where they have several columns: those named, or else the first, stay; all others are slow."""
    every = list(cases)
    stay = short or every[:1]
    assert all(case in every for case in stay)
    rows = [case if isinstance(case, tuple) else (case,) for case in every]
    marks = [() if case in stay else pytest.mark.slow for case in every]
    return [pytest.param(*row, marks=mark) for row, mark in zip(rows, marks, strict=True)]
