"""Folders of runs become a comparison: figures, differences, verdicts, and the answer in words."""

from dataclasses import dataclass
from pathlib import Path

from rnnlab.analysis.answer import headline
from rnnlab.analysis.gather import Gathered, gather
from rnnlab.analysis.looks import Look, earlier_looks, look_again, next_alpha
from rnnlab.analysis.metric import choose
from rnnlab.analysis.outcomes import grouped, outcomes_of, with_collapses
from rnnlab.analysis.paired import Question
from rnnlab.analysis.variants import Variant, counts, judged

SCHEMA = 1
"""Rises when a field of comparison.json changes its meaning or goes."""


@dataclass(frozen=True)
class Comparison:
    """What the runs say; comparison.json holds exactly these fields."""

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
    """What words_per_second counts."""
    selection: str
    """How the epoch of every figure was chosen."""
    baseline: str
    margin: float | None
    answer: str
    """The answer in one sentence; every variant has its own `words` besides."""
    variants: dict[str, Variant]
    look: Look
    looks: list[Look]
    """Every look at these runs so far, this one among them."""


def compare(
    *folders: str | Path,
    metric: str | None = None,
    baseline: str | None = None,
    group_by: str | None = None,
    margin: float | None = None,
) -> Comparison:
    """Compare the variants in the folders of one or several experiments; nothing is written, see `record`.

    `metric` is the monitored figure unless another is named, on the test split unless the name says otherwise; `baseline` and
    `margin` are the experiment's own unless given. With `group_by`, a dotted config path, its values take the place of the
    variants, and a seed's figure is the mean over the variants that share the value.

    Raises UserError where a folder is no experiment, or where metric, baseline or path are unknown.
    """
    return compared(gather(folders, baseline), metric, group_by, margin)


def compared(
    gathered: Gathered, metric: str | None = None, group_by: str | None = None, margin: float | None = None
) -> Comparison:
    """Compare runs that have been read already; see `compare`."""
    chosen = choose(metric, gathered.results)
    outcomes, name = with_collapses(outcomes_of(gathered.runs, chosen), chosen), gathered.baseline
    if group_by:
        values = gathered.values(group_by)
        outcomes, name = grouped(outcomes, values), values[name]
    declared = gathered.declared and (metric, group_by, margin) == (None, None, None)
    margin = gathered.margin if margin is None else margin
    question = f"{chosen.name} against {name}" + (f" by {group_by}" if group_by else "")
    ended = {variant: counts(of) for variant, of in outcomes.items()}
    may_claim = ended[name].may_claim and any(of.may_claim for variant, of in ended.items() if variant != name)
    look, looks = look_again(
        earlier_looks([record.folder for record in gathered.records]), question, ended[name].ended, may_claim
    )
    later = next_alpha(looks, question)
    how = Question(chosen.lower_is_better, chosen.log, look.alpha or later, later, margin)
    variants = judged(outcomes, name, chosen.label, how)
    return Comparison(
        schema=SCHEMA,
        declared=declared,
        experiments=gathered.experiments,
        metric=chosen.name,
        stem=chosen.stem.replace("_", " "),
        label=chosen.label,
        mode=chosen.mode,
        log=chosen.log,
        unit=gathered.unit,
        selection=gathered.selection,
        baseline=name,
        margin=margin,
        answer=headline(variants, name, chosen),
        variants=variants,
        look=look,
        looks=looks,
    )
