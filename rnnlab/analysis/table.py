"""The table of a comparison, column by column, for every form in which it is printed."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from rnnlab.analysis.comparison import Comparison, Variant
from rnnlab.analysis.figures import bare_p, decimals, fixed, with_interval
from rnnlab.analysis.statistics import Estimate


@dataclass(frozen=True)
class Cell:
    """What is printed, and what it is sorted by."""

    text: str
    key: float | str | None = None


@dataclass(frozen=True)
class Column:
    """A title, what it means, and one cell for every variant."""

    title: str
    meaning: str
    cells: list[Cell]
    brief: bool
    """Whether a terminal of 100 columns has a place for it."""
    words: bool = False
    """Whether its cells are words, which begin at the left."""


def columns(comparison: Comparison) -> list[Column]:
    """Return the columns that say anything, the variants in their order."""
    of = list(comparison.variants.values())

    def column(title: str, meaning: str, cell: Callable[[Variant], Cell], brief: bool = True) -> Column:
        return Column(title, meaning, [cell(one) for one in of], brief)

    def means(title: str, meaning: str, name: str, brief: bool = True, places: int | None = None) -> Column:
        estimates: list[Estimate] = [getattr(one, name) for one in of]
        digits = decimals(median([one.sd for one in estimates if one.sd] or [0.0])) if places is None else places
        return Column(title, meaning, [_mean(one, digits, name == "value") for one in estimates], brief)

    names = Column(
        "variant", "a patch of the config", [Cell(name, name) for name in comparison.variants], brief=True, words=True
    )
    verdicts = [Cell(one.against.verdict if one.against else "baseline") for one in of]
    found = [
        Column("verdict", "what the numbers allow to say", verdicts, brief=True, words=True),
        column("seeds", "finished of planned", lambda one: Cell(f"{one.counts.done}/{one.counts.planned}", one.counts.done)),
        column("lost", "diverged or collapsed, of those that ended", _lost),
        means(comparison.label, "mean ± standard deviation over seeds", "value"),
        column("difference [95 %]", f"from {comparison.baseline}; interval simultaneous over all variants", _difference),
        column("ahead", "seeds on which it beats the baseline", _ahead, brief=False),
        column("p", "joint sign-flip test over all variants", _p, brief=False),
        means("gap", "validation minus training, noise off", "gap"),
        means(f"{comparison.unit}/s", "training speed", "words_per_second", places=0),
        column("percent", "the difference in percent, from logs", _percent, brief=False),
        means(f"validation {comparison.stem}", "what the epoch was chosen by", "validation", brief=False),
        means("best epoch", "counted from 1", "best_epoch", brief=False, places=1),
        column("parameters", "trained numbers", lambda one: Cell(fixed(one.parameters, 0), one.parameters), brief=False),
    ]
    return [names, *(one for one in found if any(cell.text not in ("", "-") for cell in one.cells))]


def effect_columns(comparison: Comparison) -> list[Column]:
    """Return the table of what the factors of a grid do; empty columns are left out."""
    of = comparison.effects
    p = ["" if one.p is None else bare_p(one.p) for one in of]
    found = [
        Column(
            "effect", "over all values of the other factors", [Cell(one.name, one.name) for one in of], brief=True, words=True
        ),
        Column(
            f"{comparison.label} [95 %]", "simultaneous over all effects", [_interval(one.estimate) for one in of], brief=True
        ),
        Column("percent", "the same in percent, from logs", [_interval(one.percent) for one in of], brief=True),
        Column(
            "p",
            "joint sign-flip test over all effects",
            [Cell(text, one.p) for text, one in zip(p, of, strict=True)],
            brief=True,
        ),
    ]
    return [column for column in found if any(cell.text for cell in column.cells)]


def _mean(estimate: Estimate, places: int, spread: bool) -> Cell:
    deviation = f" ± {fixed(estimate.sd, places)}" if spread and estimate.sd is not None else ""
    return Cell(fixed(estimate.mean, places) + deviation, estimate.mean)


def _lost(one: Variant) -> Cell:
    return Cell(f"{one.counts.lost}/{one.counts.ended}" if one.counts.lost else "", one.lost.rate)


def _difference(one: Variant) -> Cell:
    return _interval(one.against.difference.estimate if one.against else None)


def _percent(one: Variant) -> Cell:
    return _interval(one.against.difference.percent if one.against else None)


def _interval(estimate: Estimate | None) -> Cell:
    return Cell(with_interval(estimate, plus=True), estimate.mean) if estimate else Cell("")


def _ahead(one: Variant) -> Cell:
    if not one.against:
        return Cell("")
    difference = one.against.difference
    return Cell(f"{difference.better}/{difference.beats.n}", difference.beats.rate)


def _p(one: Variant) -> Cell:
    p = one.against.difference.p if one.against else None
    return Cell("" if p is None else bare_p(p), p)
