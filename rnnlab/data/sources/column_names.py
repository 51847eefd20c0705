"""Columns by their names, as people spell these."""

import unicodedata
from collections.abc import Iterable, Sequence

from rnnlab.errors import UserError
from rnnlab.names import nearest

SHOWN = 30
"""Names of a complaint that are shown."""


def chosen(place: str, known: Sequence[object], columns: Iterable[str]) -> list[int]:
    """Return the positions of the columns among the known ones; raise UserError where one stands nowhere, or twice.

    An accent may be part of its letter in one name and a sign of its own in the other.

    >>> chosen("a.csv:1", ["text", "e\\u0301t\\u00e9"], ["\\u00e9t\\u00e9"])
    [1]
    """
    its = [_composed(name) for name in known]
    wanted = [_composed(column) for column in columns]
    for column in wanted:
        if its.count(column) != 1:
            names = ", ".join(map(str, its[:SHOWN])) + ", ..." * (len(its) > SHOWN)
            problem = f"the column {column!r} stands {its.count(column)} times"
            if column not in its:
                problem = f"there is no column {column!r}{nearest(column, its)}"
            raise UserError(f"{place}: {problem}; the columns are {names}")
    return [its.index(column) for column in wanted]


def _composed(name: object) -> object:
    return unicodedata.normalize("NFC", name) if isinstance(name, str) else name
