"""The tables of a comparison, column by column, for every form in which they are printed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rnnlab.comparison.compare import Comparison, VariantSummary
from rnnlab.statistics.intervals import Estimate, Proportion
from rnnlab.statistics.paired import Difference
from rnnlab.statistics.rounding import bare_p, decimals, fixed, places, with_interval


@dataclass(frozen=True)
class TableCell:
    """The printed text, and the value for sorting."""

    text: str
    key: float | str | None = None


@dataclass(frozen=True)
class Column:
    """A title, what it means, and one cell for every row."""

    title: str
    meaning: str
    cells: list[TableCell]
    brief: bool = True
    """Whether it is shown in a terminal of 100 columns."""
    words: bool = False
    """Whether its cells are words, which begin at the left."""


def columns(comparison: Comparison) -> list[Column]:
    """Return the table of the variants, in their order; columns that say nothing are left out."""
    of = list(comparison.variants.values())

    def means(title: str, meaning: str, name: str, brief: bool = True, digits: int | None = None) -> Column:
        return Column(title, meaning, [_mean(getattr(one, name), digits, name == "value") for one in of], brief)

    verdicts = [TableCell(one.against.verdict if one.against else "baseline") for one in of]
    simultaneous = f"from {comparison.baseline}; interval simultaneous over all variants"
    return _said(
        _names(comparison),
        Column("verdict", "what the results support", verdicts, words=True),
        Column(
            "seeds",
            "finished of planned",
            [TableCell(f"{one.counts.done}/{one.counts.planned}", one.counts.done) for one in of],
        ),
        Column("lost", "diverged or collapsed, of those that ended", [_lost(one) for one in of]),
        means(comparison.label, "mean ± standard deviation over seeds", "value"),
        _column(of, "difference [95 %]", simultaneous, lambda its: _signed(its.estimate)),
        _column(of, "ahead", "seeds on which it beats the baseline", _ahead, brief=False),
        _column(of, "p", "joint sign-flip test over all variants", lambda its: _p(its.p), brief=False),
        means("gap", "validation minus training, noise off", "gap"),
        means(f"{comparison.unit}/s", "training throughput", "throughput", digits=0),
        means(f"validation {comparison.stem}", "the metric that selects the best epoch", "validation", brief=False),
        Column(
            "parameters", "trainable weights", [TableCell(fixed(one.parameters, 0), one.parameters) for one in of], brief=False
        ),
    )


def rows(table: Sequence[Column], titles: bool = False) -> list[list[str]]:
    """Return the cells of a table row by row, its titles first where they are asked for."""
    body = [[cell.text for cell in row] for row in zip(*(column.cells for column in table), strict=True)]
    return [[column.title for column in table], *body] if titles else body


def further_columns(comparison: Comparison) -> list[Column]:
    """Return the table of the further statistics that a reviewer asks for."""
    of = list(comparison.variants.values())
    return _said(
        _names(comparison),
        Column(
            "mean [95 %]",
            f"of {comparison.label}, Student's t",
            [TableCell(with_interval(one.value), one.value.mean) for one in of],
        ),
        _column(of, "percent", "the difference in percent, from logarithms", lambda its: _signed(its.percent)),
        Column("lost [95 %]", "rate of lost seeds, Clopper-Pearson", [_rate(one.lost) for one in of]),
        _column(of, "alone [95 %]", "the difference, interval of this variant only", lambda its: _signed(its.alone)),
        _column(of, "wins [95 %]", "rate of seeds that beat the baseline, Clopper-Pearson", lambda its: _rate(its.beats)),
        _column(of, "g", "Hedges' g_av of the difference", lambda its: _number(its.effect)),
        _column(of, "p finished", "p over the seeds that both finished", lambda its: _p(its.p_finished)),
        _column(of, "p equivalent", "two one-sided t tests against the margin", lambda its: _p(its.equivalence_p)),
        _column(of, "detectable", "difference that these seeds detect with 80 % power", _detectable),
        _column(
            of, "seeds needed", "to detect the observed difference with 80 % power", lambda its: _number(its.seeds_needed, 0)
        ),
        Column("best epoch", "counted from 1, mean over seeds", [_mean(one.best_epoch, 1, False) for one in of]),
    )


def effect_columns(comparison: Comparison) -> list[Column]:
    """Return the table of the effects of a grid's factors; it has no rows where the variants are no grid."""
    of = comparison.effects
    return _said(
        Column("effect", "over all values of the other factors", [TableCell(one.name, one.name) for one in of], words=True),
        Column(f"{comparison.label} [95 %]", "simultaneous over all effects", [_signed(one.estimate) for one in of]),
        Column("percent", "the same in percent, from logarithms", [_signed(one.percent) for one in of]),
        Column("p", "joint sign-flip test over all effects", [_p(one.p) for one in of]),
    )


def pair_columns(comparison: Comparison) -> list[Column]:
    """Return the table of the pairs without the baseline; it has no rows where they were not asked for."""
    of = list(comparison.pairs.values())
    return _said(
        Column("pair", "variants other than the baseline", [TableCell(name, name) for name in comparison.pairs], words=True),
        Column("verdict", "what the results support", [TableCell(one.verdict) for one in of], words=True),
        Column("difference [95 %]", "simultaneous over all pairs", [_signed(one.difference.estimate) for one in of]),
        Column("p", "joint sign-flip test over all pairs", [_p(one.difference.p) for one in of]),
    )


def ensemble_columns(comparison: Comparison) -> list[Column]:
    """Return the table of the ensembles, none where they were not asked for."""
    of = comparison.ensembles
    if not of:
        return []

    def numbers(title: str, meaning: str, values: list[float]) -> Column:
        return Column(title, meaning, [TableCell(f"{value:.5g}", value) for value in values])

    return [
        Column("ensemble", "the mean prediction of a variant's seeds", [TableCell(name, name) for name in of], words=True),
        numbers("members", "seeds that are done", [len(one.seeds) for one in of.values()]),
        numbers(comparison.label, "of the mean prediction", [one.value for one in of.values()]),
        numbers("mean of the seeds", "the same metric of each seed alone, averaged", [one.mean for one in of.values()]),
    ]


def _names(comparison: Comparison) -> Column:
    return Column("variant", "a patch of the config", [TableCell(name, name) for name in comparison.variants], words=True)


def _column(
    of: Iterable[VariantSummary], title: str, meaning: str, cell: Callable[[Difference], TableCell], brief: bool = True
) -> Column:
    """Return a column on the differences, empty at the baseline."""
    return Column(title, meaning, [cell(one.against.difference) if one.against else TableCell("") for one in of], brief)


def _said(*columns: Column) -> list[Column]:
    """The columns that say something, and what no column before them has said."""
    told: list[list[str]] = []
    said = []
    for column in columns:
        texts = [cell.text for cell in column.cells]
        if any(text not in ("", "-") for text in texts) and texts not in told:
            told.append(texts)
            said.append(column)
    return said


def _mean(estimate: Estimate, digits: int | None, spread: bool) -> TableCell:
    digits = places(estimate.mean, estimate.sd) if digits is None else digits
    deviation = f" ± {fixed(estimate.sd, digits)}" if spread and estimate.sd is not None else ""
    return TableCell(fixed(estimate.mean, digits) + deviation, estimate.mean)


def _lost(one: VariantSummary) -> TableCell:
    return TableCell(f"{one.counts.lost}/{one.counts.ended}" if one.counts.lost else "", one.lost.rate)


def _signed(estimate: Estimate | None) -> TableCell:
    return TableCell(with_interval(estimate, plus=True), estimate.mean) if estimate else TableCell("")


def _rate(rate: Proportion) -> TableCell:
    return (
        TableCell(f"{rate.rate:.2f} [{rate.low:.2f}, {rate.high:.2f}]", rate.rate) if rate.rate is not None else TableCell("")
    )


def _ahead(difference: Difference) -> TableCell:
    return TableCell(f"{difference.better}/{difference.beats.n}", difference.beats.rate)


def _number(value: float | None, digits: int = 2) -> TableCell:
    return TableCell("" if value is None else fixed(value, digits), value)


def _detectable(difference: Difference) -> TableCell:
    return _number(difference.detectable, decimals(difference.detectable))


def _p(p: float | None) -> TableCell:
    return TableCell("" if p is None else bare_p(p), p)
