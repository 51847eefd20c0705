"""Folders of runs become a comparison: metrics, differences, verdicts, and the answer in words."""

from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from rnnlab.comparison.class_means import Classes, classes_of
from rnnlab.comparison.ensemble_rows import EnsembleRow, ensemble_rows
from rnnlab.comparison.factorial import Effect, effects
from rnnlab.comparison.fold_statement import Folds, folds_of
from rnnlab.comparison.headline import Headline
from rnnlab.comparison.load import Gathered, gather, mixed_makers
from rnnlab.comparison.metric import Metric, choose
from rnnlab.comparison.outcomes import Outcomes, grouped, outcomes_of, with_collapses
from rnnlab.comparison.plain_forecasts import plain_forecasts
from rnnlab.comparison.summary import Against, VariantSummary, compared_pairs, counts, summed_up
from rnnlab.comparison.variant_configs import levels, selection, values
from rnnlab.errors import UserError
from rnnlab.statistics.alpha_spending import InterimAnalysis, analyse_again, earlier_analyses, next_alpha
from rnnlab.statistics.paired import Pair, Question

SCHEMA = 1
"""Rises when a field of comparison.json changes its meaning or goes."""


@dataclass(frozen=True)
class Comparison:
    """The results of comparing runs; comparison.json holds exactly these fields."""

    schema: int
    declared: bool
    """Whether this is the experiment's own question: one folder, its monitored metric, its baseline, its margin."""
    experiments: list[str]
    metric: str
    stem: str
    """The metric without its split: perplexity."""
    label: str
    """The metric in plain words: test perplexity."""
    mode: str
    log: bool
    """Whether logs of the metric are compared as well."""
    unit: str
    """The unit of the throughput."""
    selection: str
    """How the epoch of every metric was chosen."""
    baseline: str
    margin: float | None
    answer: str
    """The answer in at most four sentences, each on a line; every variant has its own `words` besides."""
    variants: dict[str, VariantSummary]
    pairs: dict[str, Against]
    """Where all pairs were asked for, those without the baseline, as "this against that"."""
    effects: list[Effect]
    """Where the variants are a grid, the effect of each of its factors."""
    analysis: InterimAnalysis
    analyses: list[InterimAnalysis]
    """Every interim analysis of these runs so far, this one included."""
    plain: dict[str, float] = field(default_factory=dict)
    """For a series, the same metric of forecasts without a model: persistence, seasonal naive, mean."""
    makers: dict[str, list[str]] = field(default_factory=dict)
    """Differences in code and library versions between the runs: every value by name."""
    classes: dict[str, Classes] = field(default_factory=dict)
    """Where classes or labels are predicted, the metrics of each variant for each of them on the test split."""
    folds: Folds | None = None
    """Where the runs are folds of the same rows, how many and how they are tested."""
    ensembles: dict[str, EnsembleRow] = field(default_factory=dict)
    """Where ensembles were asked for, the mean prediction of each variant's seeds."""


@dataclass(frozen=True)
class Ask:
    """A question to the runs beyond the default, whether a variant beats the baseline in the monitored metric."""

    metric: str | None = None
    group_by: str | None = None
    margin: float | None = None
    all_pairs: bool = False


def compare(
    *folders: str | Path,
    metric: str | None = None,
    baseline: str | None = None,
    group_by: str | None = None,
    margin: float | None = None,
    all_pairs: bool = False,
    ensembles: bool = False,
) -> Comparison:
    """Compare the variants in the folders of one or several experiments; nothing is written, see
    `rnnlab.comparison.json_file.keep`.

    `metric` is the monitored metric unless another is named, on the test split unless the name says otherwise; `baseline` and
    `margin` are the experiment's own unless given. With `group_by`, a dotted config path, its values take the place of the
    variants, and a seed's metric is the mean over the variants that share the value. With `all_pairs` every variant is
    compared with every other one, and everything is simultaneous over all these pairs. With `ensembles` the mean prediction of
    each variant's seeds is evaluated as well; no significance is claimed for it.

    Raises UserError where a folder is not an experiment, or where metric, baseline or path are unknown.
    """
    gathered = gather(folders, baseline)
    if ensembles and group_by:
        raise UserError("an ensemble combines the seeds of one variant: leave out either ensembles or group_by")
    comparison = compared(gathered, Ask(metric, group_by, margin, all_pairs))
    return replace(comparison, ensembles=ensemble_rows(gathered.runs, comparison.metric)) if ensembles else comparison


class _Statistics(NamedTuple):
    """What is computed from the outcomes of all runs."""

    metric: Metric
    baseline: str
    outcomes: Outcomes
    analysis: InterimAnalysis
    analyses: list[InterimAnalysis]
    folds: Folds | None
    question: Question
    pairs: dict[Pair, Against]
    """The pairs without the baseline."""
    variants: dict[str, VariantSummary]


def compared(gathered: Gathered, ask: Ask = Ask()) -> Comparison:
    """Compare runs that have been read already; see `compare`."""
    of = _statistics(gathered, ask)
    return Comparison(
        schema=SCHEMA,
        declared=gathered.declared and ask == Ask(),
        experiments=gathered.experiments,
        metric=of.metric.name,
        stem=of.metric.stem.replace("_", " "),
        label=of.metric.label,
        mode=of.metric.mode,
        log=of.metric.log,
        unit=next((result.unit for result in gathered.results if result.unit), "words"),
        selection=selection(gathered.configs),
        baseline=of.baseline,
        margin=of.question.margin,
        answer="\n".join(Headline(of.variants, of.pairs, of.baseline, of.metric, _seconds(gathered), of.folds).sentences()),
        variants=of.variants,
        pairs={f"{one} against {other}": against for (one, other), against in of.pairs.items()},
        effects=[] if ask.group_by else effects(of.outcomes, levels(gathered.configs, gathered.compare), of.question),
        analysis=of.analysis,
        analyses=of.analyses,
        plain=plain_forecasts(gathered.results, of.metric),
        makers=mixed_makers(gathered.results),
        classes={} if ask.group_by else classes_of(gathered.runs),
        folds=of.folds,
    )


def _statistics(gathered: Gathered, ask: Ask) -> _Statistics:
    metric, outcomes, baseline = _outcomes(gathered, ask)
    analysis, analyses = _analysis(gathered, outcomes, _question(metric, baseline, ask), baseline)
    later = next_alpha(analyses, analysis.question)
    folds = folds_of(gathered.configs)
    shared = folds.overlap if folds else 0.0
    margin = gathered.compare.get("margin") if ask.margin is None else ask.margin
    question = Question(metric.lower_is_better, metric.log, analysis.alpha or later, later, margin, shared)
    pairs = compared_pairs(outcomes, _pairs(outcomes, baseline, ask.all_pairs), metric.label, question)
    variants = {name: summed_up(of, pairs.pop((name, baseline), None), shared) for name, of in outcomes.items()}
    return _Statistics(metric, baseline, outcomes, analysis, analyses, folds, question, pairs, variants)


def _outcomes(gathered: Gathered, ask: Ask) -> tuple[Metric, Outcomes, str]:
    """The metric, the outcomes of every variant, or of every value of a config path, and the name of the baseline."""
    metric, baseline = choose(ask.metric, gathered.results), gathered.baseline
    outcomes = with_collapses(outcomes_of(gathered.runs, metric), metric)
    if not ask.group_by:
        return metric, outcomes, baseline
    groups = values(gathered.configs, outcomes, ask.group_by)
    return metric, grouped(outcomes, groups), groups[baseline]


def _seconds(gathered: Gathered) -> float | None:
    """The mean time of the runs that have ended."""
    known = [seconds for result in gathered.results if (seconds := result.metrics.get("seconds"))]
    return sum(known) / len(known) if known else None


def _question(metric: Metric, baseline: str, ask: Ask) -> str:
    rivals = "all pairs" if ask.all_pairs else f"against {baseline}"
    return f"{metric.name} {rivals}" + (f" by {ask.group_by}" if ask.group_by else "")


def _pairs(outcomes: Outcomes, baseline: str, every: bool) -> list[Pair]:
    """Return the pairs to compare: each variant with the baseline, then on request with every variant before it."""
    rivals = [name for name in outcomes if name != baseline]
    return [(name, baseline) for name in rivals] + [(later, name) for name, later in combinations(rivals, 2) if every]


def _analysis(
    gathered: Gathered, outcomes: Outcomes, question: str, baseline: str
) -> tuple[InterimAnalysis, list[InterimAnalysis]]:
    ended = {name: counts(of) for name, of in outcomes.items()}
    may_claim = ended[baseline].may_claim and any(one.may_claim for name, one in ended.items() if name != baseline)
    before = earlier_analyses([record.folder for record in gathered.records])
    return analyse_again(before, question, ended[baseline].ended, may_claim)
