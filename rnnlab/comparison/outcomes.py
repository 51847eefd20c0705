"""The outcome of every planned run, as far as a comparison needs it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rnnlab.comparison.metric import Metric
from rnnlab.statistics.intervals import Array, outliers
from rnnlab.storage.run_result import RunResult
from rnnlab.storage.store import RunRecord


@dataclass(frozen=True)
class Outcome:
    """One seed of one variant."""

    status: str
    """done, collapsed, diverged, failed or missing."""
    value: float | None = None
    """The compared metric, at the epoch chosen on validation."""
    validation: float | None = None
    train: float | None = None
    best_epoch: float | None = None
    epochs: float | None = None
    throughput: float | None = None
    parameters: float | None = None
    initial_weights: str | None = None
    data_order: str | None = None
    error: str | None = None

    @property
    def gap(self) -> float | None:
        """Validation minus training value at the chosen epoch, noise off."""
        return None if self.validation is None or self.train is None else self.validation - self.train


Outcomes = Mapping[str, Mapping[int, Outcome]]
"""By variant and seed."""
MISSING = Outcome("missing")


def outcomes_of(runs: Mapping[str, Mapping[int, RunRecord | None]], metric: Metric) -> dict[str, dict[int, Outcome]]:
    """Return the outcome of every planned run."""
    return {name: {seed: outcome(run.result if run else None, metric) for seed, run in of.items()} for name, of in runs.items()}


def outcome(result: RunResult | None, metric: Metric) -> Outcome:
    """Return the outcome of a run by its result and `metric`; one without a result, or done without the metric, is missing."""
    if result is None:
        return MISSING
    metrics = {name: value for name, value in result.metrics.items() if value is not None and np.isfinite(value)}
    status = result.status
    if status == "done" and metric.name not in metrics:
        return MISSING
    return Outcome(
        status=status,
        value=metrics.get(metric.name) if status == "done" else None,
        validation=metrics.get(f"val_{metric.stem}"),
        train=metrics.get(f"train_{metric.stem}"),
        throughput=metrics.get("throughput"),
        best_epoch=result.best_epoch,
        epochs=result.epochs,
        parameters=result.parameters,
        initial_weights=result.initial_weights,
        data_order=result.data_order,
        error=result.error,
    )


def with_collapses(outcomes: Outcomes, metric: Metric) -> dict[str, dict[int, Outcome]]:
    """Return the outcomes with every finished run that is far worse than its variant's other seeds marked as collapsed."""
    seeds = sorted({seed for of in outcomes.values() for seed in of})
    sign = 1.0 if metric.lower_is_better else -1.0
    costs = np.array([[sign * nan_for_none(of.get(seed, MISSING).value) for seed in seeds] for of in outcomes.values()])
    marks = outliers(costs)
    return {
        name: {seed: replace(one, status="collapsed") if marks[row, seeds.index(seed)] else one for seed, one in of.items()}
        for row, (name, of) in enumerate(outcomes.items())
    }


def series(of: Mapping[int, Outcome], seeds: Sequence[int]) -> Array:
    """Return a variant's values (seeds,): NaN where there is none, inf where the run collapsed or diverged."""
    return np.array([_value(of.get(seed, MISSING)) for seed in seeds])


def _value(one: Outcome) -> float:
    return np.inf if one.status in ("collapsed", "diverged") else nan_for_none(one.value)


def nan_for_none(value: float | None) -> float:
    """Return the value, NaN where there is none."""
    return np.nan if value is None else float(value)


def grouped(outcomes: Outcomes, values: Mapping[str, str]) -> dict[str, dict[int, Outcome]]:
    """Return the outcomes of groups of variants; `values` names the group of each variant."""
    groups = {group: [of for name, of in outcomes.items() if values[name] == group] for group in dict.fromkeys(values.values())}
    return {
        group: {seed: _together([of.get(seed, MISSING) for of in members]) for seed in sorted(set().union(*members))}
        for group, members in groups.items()
    }


def _together(members: Sequence[Outcome]) -> Outcome:
    """Return the mean outcome of several variants on one seed; it is as bad as the worst of them."""
    status = max((one.status for one in members), key=("done", "collapsed", "diverged", "failed", "missing").index)

    def mean(name: str) -> float | None:
        known = [getattr(one, name) for one in members if getattr(one, name) is not None]
        return float(np.mean(known)) if known else None

    def all_of(name: str) -> str | None:
        known = {getattr(one, name) for one in members}
        return None if None in known else "+".join(sorted(known))

    return Outcome(
        status=status,
        value=mean("value") if status == "done" else None,
        validation=mean("validation"),
        train=mean("train"),
        best_epoch=mean("best_epoch"),
        epochs=mean("epochs"),
        throughput=mean("throughput"),
        parameters=mean("parameters"),
        initial_weights=all_of("initial_weights"),
        data_order=all_of("data_order"),
        error=next((one.error for one in members if one.error), None),
    )
