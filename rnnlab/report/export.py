"""A comparison as text: for a terminal, a README, a paper, a spreadsheet."""

import csv
import io
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from json import dumps
from typing import TYPE_CHECKING, Literal

from rnnlab.comparison.compare import Comparison
from rnnlab.comparison.json_file import document
from rnnlab.config.paths import flatten
from rnnlab.report.tables import Column, columns, effect_columns
from rnnlab.statistics.rounding import count, minus

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

WIDTH = 100
"""Columns of a page of text."""


def show(comparison: Comparison, console: "Console | None" = None) -> None:
    """Print the answer, the table and its notes, at most 100 columns wide; plain text where the console is no terminal."""
    from rich.console import Console
    from rich.text import Text

    console = console or Console(width=None if sys.stdout.isatty() else WIDTH)
    brief = [column for column in columns(comparison) if column.brief]
    said = [Text(comparison.answer, style="bold"), *map(Text, words(comparison)), "", *map(Text, notes(comparison))]
    effects = ["", _grid(effect_columns(comparison))] if comparison.effects else []
    for part in (_grid(brief), "", *said, *effects):
        console.print(part, width=min(WIDTH, console.width))


def _grid(of: Sequence[Column]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in of:
        align: Literal["left", "right"] = "left" if column.words else "right"
        table.add_column(Text(column.title), justify=align, overflow="fold", no_wrap=column is not of[0])
    for row in _rows(of):
        table.add_row(*map(Text, row))
    return table


def notes(comparison: Comparison) -> list[str]:
    """Return what has to be said below the table besides the verdicts: missing runs, pairing, epoch, interim analyses."""
    lacking = {
        name: [f"{n} {what}" for n, what in ((one.counts.failed, "failed"), (one.counts.missing, "missing")) if n]
        for name, one in comparison.variants.items()
    }
    rerun = [f"Runs of {name}: {' and '.join(parts)}." for name, parts in lacking.items() if parts]
    return [*_plain(comparison), *rerun, *_pairs(comparison), f"Epoch: {comparison.selection}.", *_analyses(comparison)]


def _plain(comparison: Comparison) -> list[str]:
    """Say what forecasts without a model reach, and which variants are no better than the best of them."""
    if not comparison.plain:
        return []
    best = (min if comparison.mode == "min" else max)(comparison.plain, key=lambda name: comparison.plain[name])
    said = ", ".join(f"{name} {value:.4g}" for name, value in comparison.plain.items())
    means = {name: one.value.mean for name, one in comparison.variants.items() if one.value.mean is not None}
    bound = comparison.plain[best]
    behind = [name for name, mean in means.items() if (mean >= bound if comparison.mode == "min" else mean <= bound)]
    told = f" No better than {best}: {', '.join(behind)}." if behind else ""
    return [f"Without a model, {comparison.label}: {said}.{told}"]


def words(comparison: Comparison) -> list[str]:
    """Return the verdict on every variant, and on every other pair that was asked for, as a sentence."""
    against = [one.against for one in comparison.variants.values() if one.against]
    return [one.words for one in [*against, *comparison.pairs.values()]]


def _pairs(comparison: Comparison) -> list[str]:
    faults = {name: one.against.pairing for name, one in comparison.variants.items() if one.against}
    if not faults:
        return []
    told = [f"{name} {' and '.join(of)}" for name, of in comparison.makers.items()]
    mixed = [f"The runs were made by different code or versions, which may round otherwise: {'; '.join(told)}."] if told else []
    if set(faults.values()) == {"paired"}:
        but = ", but not the same code or versions" if mixed else ""
        return [f"Paired: every seed has the same initial weights and the same order of data in all variants{but}.", *mixed]
    unpaired = [name for name, fault in faults.items() if fault != "paired"]
    return [*mixed, *(f"{name} is not fully paired with {comparison.baseline}: {faults[name]}." for name in unpaired)]


def _analyses(comparison: Comparison) -> list[str]:
    analyses = [
        analysis for analysis in comparison.analyses if analysis.question == comparison.analysis.question and analysis.alpha
    ]
    if len(analyses) < 2:
        return []
    spent = ", ".join(f"{analysis.alpha:.2g} at {count(analysis.seeds, 'seed')}" for analysis in analyses)
    return [f"Looks at this question and what each spent of the level 0.05: {spent}."]


def json(comparison: Comparison) -> str:
    """Return the comparison as comparison.json has it."""
    return dumps(document(comparison), indent=1) + "\n"


def markdown(comparison: Comparison) -> str:
    """Return the table as Markdown, and that of the effects of a grid; characters that mean something there are escaped."""
    effects = ["\n", *_lines(effect_columns(comparison))] if comparison.effects else []
    return "".join([*_lines(columns(comparison)), *effects])


def _lines(table: Sequence[Column]) -> list[str]:
    rows = [[re.sub(r"([\\|<>*_`\[\]])", r"\\\1", cell) for cell in row] for row in _rows(table, titles=True)]
    rows.insert(1, ["---" if column.words else "---:" for column in table])
    return [f"| {' | '.join(row)} |\n" for row in rows]


def latex(comparison: Comparison) -> str:
    """Return the table as LaTeX for the package booktabs; characters that mean something there are escaped."""
    table = [column for column in columns(comparison) if column.title not in ("best epoch", "parameters")]
    head, *body = [" & ".join(map(_tex, row)) + r" \\" for row in _rows(table, titles=True)]
    layout = "".join("l" if column.words else "r" for column in table)
    said = [rf"% {_tex(note)}" for note in [*words(comparison), *notes(comparison)]]
    top = [r"% \usepackage{booktabs}", *said, rf"\begin{{tabular}}{{{layout}}}", r"\toprule"]
    return "\n".join([*top, head, r"\midrule", *body, r"\bottomrule", r"\end{tabular}"]) + "\n"


_TEX = {
    "\\": r"\textbackslash{}",
    "±": r"$\pm$",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


def _tex(text: str) -> str:
    return minus("".join(_TEX.get(character, character) for character in " ".join(text.split())), "$-$")


def spreadsheet(comparison: Comparison) -> str:
    """Return every number of every variant as CSV, a row a variant; columns are named by their path in comparison.json."""
    rows = {name: flatten({**asdict(one), "seeds": {}}) for name, one in comparison.variants.items()}
    fields = list(dict.fromkeys(field for row in rows.values() for field in row if field not in ("seeds", "against")))
    text = io.StringIO()
    writer = csv.DictWriter(text, ["variant", *fields], extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({"variant": name, **row} for name, row in rows.items())
    return text.getvalue()


def _rows(table: Sequence[Column], titles: bool = False) -> list[list[str]]:
    body = [[cell.text for cell in row] for row in zip(*(column.cells for column in table), strict=True)]
    return [[column.title for column in table], *body] if titles else body
