"""Variants ranked over several studies, each a task, and their difference from the baseline in each of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rnnlab.comparison import json_file
from rnnlab.comparison.compare import Comparison, VariantSummary, compare
from rnnlab.comparison.outcomes import nan_for_none
from rnnlab.comparison.rank_wording import sentences
from rnnlab.errors import UserError
from rnnlab.names import nearest, quoted
from rnnlab.statistics import rank_tests
from rnnlab.statistics.effect_size import effect_interval
from rnnlab.statistics.intervals import Estimate
from rnnlab.statistics.rank_tests import Friedman
from rnnlab.statistics.rounding import count

SCHEMA = 1
"""Rises when a field of the ranking changes its meaning or goes."""


@dataclass(frozen=True)
class RankedTask:
    """One study: how its variants rank, and how far each is from the baseline."""

    label: str
    """The metric in plain words: test perplexity."""
    mode: str
    """min or max."""
    means: dict[str, float]
    """The metric of each variant, the mean over the seeds that finished."""
    ranks: dict[str, float]
    """1 is the best mean; a variant that lost seeds comes after those that lost fewer; ties share their mean rank."""
    effects: dict[str, Estimate]
    """By how many standard deviations over seeds a variant is better than the baseline, Hedges' g_av with its 95 % interval; no
    interval where the values are from folds, and nothing where there is no spread."""


@dataclass(frozen=True)
class Ranking:
    """What several tasks together say of the variants that all of them have."""

    schema: int
    baseline: str
    tasks: dict[str, RankedTask]
    """By the name of the experiment."""
    ranks: dict[str, float]
    """The mean rank of each variant over the tasks, the best first."""
    p: dict[str, float]
    """Of each variant's mean rank against that of the baseline, corrected by Holm over all of them."""
    friedman: Friedman
    critical_difference: float
    """Mean ranks that are further apart differ at the level 0.05, whichever pair it is (Nemenyi)."""
    groups: list[list[str]]
    """Variants of which no two are further apart than that."""
    answer: str
    """The answer in sentences, each on a line."""


def rank(studies: Sequence[str | Path], only: Collection[str] = ()) -> Ranking:
    """Rank the variants of two or more studies, folders of experiments or files comparison.json, by each one's own metric.

    The variants, and among them the baseline, must be the same everywhere; `only` chooses those that are ranked, and the
    baseline is always one of them. Nothing is written. Raises UserError where studies differ in these, where fewer than two are
    given, and where a planned run has not ended.
    """
    tasks: dict[str, Comparison] = {}
    for comparison in map(_read, studies):
        name = "+".join(comparison.experiments)
        if name in tasks:
            raise UserError(f"two of the studies are of the experiment {quoted(name)}: a task counts once")
        tasks[name] = comparison
    return ranked(tasks, only)


def _read(study: str | Path) -> Comparison:
    return json_file.read(study) if Path(study).is_file() else compare(study)


def ranked(tasks: Mapping[str, Comparison], only: Collection[str] = ()) -> Ranking:
    """Rank the variants of comparisons by the name of their task; see `rank`."""
    names, baseline = _shared(tasks, only)
    for task, comparison in tasks.items():
        _check_ended(task, comparison, names)
    table = np.array([_task_ranks(comparison, names) for comparison in tasks.values()])
    means = table.mean(axis=0)
    p = rank_tests.against(means, names.index(baseline), len(tasks))
    order = sorted(range(len(names)), key=means.__getitem__)
    critical, friedman = rank_tests.critical_difference(*table.shape), rank_tests.friedman(table)
    runs = rank_tests.groups([means[i] for i in order], critical)
    result = Ranking(
        schema=SCHEMA,
        baseline=baseline,
        tasks={name: _task(of, names, row) for (name, of), row in zip(tasks.items(), table, strict=True)},
        ranks={names[i]: float(means[i]) for i in order},
        p={names[i]: float(p[i]) for i in order if names[i] != baseline},
        friedman=friedman,
        critical_difference=critical,
        groups=[[names[i] for i in order[begin : end + 1]] for begin, end in runs],
        answer="",
    )
    return replace(result, answer="\n".join(sentences(result)))


def _shared(tasks: Mapping[str, Comparison], only: Collection[str]) -> tuple[list[str], str]:
    """The variants to rank and the baseline; UserError where a task lacks one."""
    if len(tasks) < 2:
        raise UserError(f"ranking needs at least two tasks, got {count(len(tasks), 'task')}")
    baselines = {task: of.baseline for task, of in tasks.items()}
    if len(set(baselines.values())) > 1:
        told = ", ".join(f"{quoted(name)} in {task}" for task, name in baselines.items())
        raise UserError(f"the baseline should be the same variant in every task, it is {told}")
    baseline = next(iter(baselines.values()))
    names = list(dict.fromkeys([baseline, *(only or (name for of in tasks.values() for name in of.variants))]))
    for task, of in tasks.items():
        if lacking := [name for name in names if name not in of.variants]:
            has = f"{nearest(lacking[0], of.variants)}; it has {', '.join(of.variants)}"
            raise UserError(f"{task} has no variant {', '.join(map(quoted, lacking))}{has}; --only names those that all have")
    if len(names) < 2:
        raise UserError(f"ranking needs at least two variants, got only {quoted(baseline)}")
    return names, baseline


def _check_ended(task: str, comparison: Comparison, names: Sequence[str]) -> None:
    for name in names:
        counts = comparison.variants[name].counts
        if counts.ended < counts.planned or not counts.done:
            done = f"{counts.done} of {count(counts.planned, 'planned run')} done"
            raise UserError(f"{task}: {quoted(name)} has {done}; only what has ended is ranked")


def _task_ranks(comparison: Comparison, names: Sequence[str]) -> list[float]:
    """Rank by lost seeds first, then by the mean."""
    sign = 1 if comparison.mode == "min" else -1
    keys = [(one.lost.rate or 0.0, sign * (one.value.mean or 0.0)) for one in map(comparison.variants.__getitem__, names)]
    return [sum(other < key for other in keys) + (1 + keys.count(key)) / 2 for key in keys]


def _task(comparison: Comparison, names: Sequence[str], ranked: Sequence[float]) -> RankedTask:
    of, base = comparison.variants, comparison.baseline
    return RankedTask(
        label=comparison.label,
        mode=comparison.mode,
        means={name: of[name].value.mean or 0.0 for name in names},
        ranks=dict(zip(names, map(float, ranked), strict=True)),
        effects={name: _effect(comparison, of[name], of[base]) for name in names if name != base},
    )


def _effect(comparison: Comparison, variant: VariantSummary, baseline: VariantSummary) -> Estimate:
    """By how much the variant is better, in standard deviations over seeds."""
    sign = -1 if comparison.mode == "min" else 1
    seeds = sorted(variant.seeds.keys() & baseline.seeds.keys())
    x, y = ([sign * nan_for_none(of.seeds[seed].value) for seed in seeds] for of in (variant, baseline))
    estimate = effect_interval(x, y)
    return Estimate(estimate.n, estimate.mean) if comparison.folds else estimate
