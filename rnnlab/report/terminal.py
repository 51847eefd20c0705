"""A comparison in a terminal: one table, the answer in words, and what is wrong with it."""

import re
import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from rnnlab.comparison.compare import Comparison
from rnnlab.plots.style import shorter
from rnnlab.report.comparison_text import warnings
from rnnlab.report.tables import Column, columns, effect_columns, ensemble_columns, pair_columns, rows

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

WIDTH = 100
"""Columns of a page of text."""
_GAP = 2
_NAME = 12
"""A name is not cut shorter than this."""
_COLORS = {"better": "green", "worse": "red", "equivalent": "cyan", "undecided": "yellow", "exploratory": "yellow"}


def show(comparison: Comparison, console: "Console | None" = None) -> None:
    """Print the table, the answer and warnings, at most 100 columns wide; plain text where the console is not a terminal."""
    from rich.console import Console
    from rich.text import Text

    console = console or Console(width=None if sys.stdout.isatty() else WIDTH)
    width = min(WIDTH, console.width)
    brief = [column for column in columns(comparison) if column.brief]
    more = [of for of in (pair_columns(comparison), effect_columns(comparison), ensemble_columns(comparison)) if of]
    first, *others = comparison.answer.splitlines()
    answer = [Text(_lines(first, width), style="bold"), *(Text(_lines(other, width)) for other in others)]
    warned = [Text(_lines(warning, width), style="yellow") for warning in warnings(comparison)]
    for of in (brief, *more):
        console.print(_grid(of, width), "", sep="\n", width=width, highlight=False)
    for text in (*answer, *warned):
        console.print(text, width=width, highlight=False)


def _lines(text: str, width: int) -> str:
    """Break a sentence into lines, but never inside an interval or before and after a ±."""
    whole = re.sub(r"\[[^]]*\]|\S+ ± \S+", lambda match: match.group().replace(" ", _UNBROKEN), text)
    return textwrap.fill(whole, width, break_on_hyphens=False).replace(_UNBROKEN, " ")


_UNBROKEN = "\N{NO-BREAK SPACE}"


def _grid(of: Sequence[Column], width: int) -> "Table":
    """The table, no line of which wraps: columns that do not fit are left out, the last first, then names are shortened."""
    from rich.table import Table
    from rich.text import Text

    of = _fitting(of, width)
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for column in of:
        align: Literal["left", "right"] = "left" if column.words else "right"
        table.add_column(Text(column.title), justify=align, overflow="ellipsis", no_wrap=True)
    most = max(_NAME, width - sum(_width(column) + _GAP for column in of[1:]))
    for name, *row in rows(of):
        table.add_row(Text(shorter(name, most)), *(Text(cell, style=_COLORS.get(cell, "")) for cell in row))
    return table


def _fitting(of: Sequence[Column], width: int) -> list[Column]:
    kept = list(of)
    while len(kept) > _LEAST and min(_width(kept[0]), 2 * _NAME) + sum(_width(column) + _GAP for column in kept[1:]) > width:
        kept.pop()
    return kept


_LEAST = 4
"""Name, verdict, seeds, metric."""


def _width(column: Column) -> int:
    return max(len(column.title), *(len(cell.text) for cell in column.cells))
