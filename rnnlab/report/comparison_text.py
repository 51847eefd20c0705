"""A comparison as text: for a README, a paper, a spreadsheet."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from json import dumps

from rnnlab.comparison.compare import Comparison
from rnnlab.comparison.json_file import document
from rnnlab.comparison.ranking import Ranking
from rnnlab.config.paths import flatten
from rnnlab.names import quoted
from rnnlab.report.ranking_table import ranking_columns
from rnnlab.report.tables import Column, columns, effect_columns, ensemble_columns, rows
from rnnlab.statistics.rounding import count, minus


def notes(comparison: Comparison) -> list[str]:
    """Return the notes below the table, besides the verdicts: missing runs, pairing, epoch, interim analyses."""
    lacking = {
        name: [f"{n} {what}" for n, what in ((one.counts.failed, "failed"), (one.counts.missing, "missing")) if n]
        for name, one in comparison.variants.items()
    }
    rerun = [f"Runs of {name}: {' and '.join(parts)}." for name, parts in lacking.items() if parts]
    folds = [comparison.folds.words] if comparison.folds else []
    return [
        *_plain(comparison),
        *_ensembles(comparison),
        *rerun,
        *_pairs(comparison),
        *folds,
        f"Epoch: {comparison.selection}.",
        *_analyses(comparison),
    ]


def warnings(comparison: Comparison) -> list[str]:
    """Return the notes that are always shown: what forecasts without a model reach, what an ensemble is, seeds that are no
    pairs."""
    return [
        *_plain(comparison),
        *_ensembles(comparison),
        *(note for note in _pairs(comparison) if not note.startswith(_PAIRED)),
    ]


def _ensembles(comparison: Comparison) -> list[str]:
    told = "An ensemble is one model without a spread over seeds: no significance is claimed for it."
    return [told] if comparison.ensembles else []


_PAIRED = "Paired:"


def _plain(comparison: Comparison) -> list[str]:
    """State the metric of naive forecasts, and which variants are no better than the best of them."""
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
        return [f"{_PAIRED} every seed has the same initial weights and the same order of data in all variants{but}.", *mixed]
    return [
        *mixed,
        *(_unpaired(fault, faults, comparison.baseline) for fault in dict.fromkeys(faults.values()) if fault != "paired"),
    ]


def _unpaired(fault: str, faults: Mapping[str, str], baseline: str) -> str:
    names = [quoted(name) for name, its in faults.items() if its == fault]
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} not fully paired with {quoted(baseline)}: {fault}."


def _analyses(comparison: Comparison) -> list[str]:
    analyses = [
        analysis for analysis in comparison.analyses if analysis.question == comparison.analysis.question and analysis.alpha
    ]
    if len(analyses) < 2:
        return []
    spent = ", ".join(f"{analysis.alpha:.2g} at {count(analysis.seeds, 'seed')}" for analysis in analyses)
    return [f"Analyses of this question and what each spent of the level 0.05: {spent}."]


def json(comparison: Comparison) -> str:
    """Return the comparison as comparison.json has it."""
    return dumps(document(comparison), indent=1) + "\n"


def markdown(comparison: Comparison) -> str:
    """Return the tables of the variants, a grid's effects and ensembles as Markdown; what means something there is escaped."""
    more = [of for of in (effect_columns(comparison), ensemble_columns(comparison)) if of]
    return "".join([*_lines(columns(comparison)), *(line for of in more for line in ["\n", *_lines(of)])])


def ranking(of: Ranking) -> str:
    """Return the table of a ranking as Markdown."""
    return "".join(_lines(ranking_columns(of)))


def _lines(table: Sequence[Column]) -> list[str]:
    lines = [[re.sub(r"([\\|<>*_`\[\]])", r"\\\1", cell) for cell in row] for row in rows(table, titles=True)]
    lines.insert(1, ["---" if column.words else "---:" for column in table])
    return [f"| {' | '.join(row)} |\n" for row in lines]


def latex(comparison: Comparison) -> str:
    """Return the table as LaTeX for the package booktabs; characters that mean something there are escaped."""
    table = [column for column in columns(comparison) if column.title != "parameters"]
    head, *body = [" & ".join(map(_tex, row)) + r" \\" for row in rows(table, titles=True)]
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
    """Return every number of every variant as CSV, one row per variant; columns are named by their path in comparison.json."""
    numbers = {name: flatten({**asdict(one), "seeds": {}}) for name, one in comparison.variants.items()}
    fields = list(dict.fromkeys(field for row in numbers.values() for field in row if field not in ("seeds", "against")))
    text = io.StringIO()
    writer = csv.DictWriter(text, ["variant", *fields], extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({"variant": name, **row} for name, row in numbers.items())
    return text.getvalue()
