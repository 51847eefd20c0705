"""The metrics of the mean prediction of a variant's seeds, beside those of the seeds alone."""

from dataclasses import dataclass

import numpy as np

from rnnlab.comparison.load import Runs
from rnnlab.errors import UserError


@dataclass(frozen=True)
class EnsembleRow:
    """The ensemble of a variant. It is one model: nothing is known of its spread, and no significance is claimed for it."""

    seeds: list[int]
    """Its members."""
    value: float
    """The compared metric of their mean prediction."""
    mean: float
    """The mean of the members' own metrics."""


def ensemble_rows(runs: Runs, metric: str) -> dict[str, EnsembleRow]:
    """Return the ensemble of every variant that has two finished runs or more, evaluated on the test split.

    Raises UserError where no variant has, and where the metric is none of an ensemble.
    """
    rows = {}
    for variant, of in runs.items():
        if sum(bool(run and run.result and run.result.status == "done") for run in of.values()) > 1:
            rows[variant] = _row(runs, variant, metric)
    if not rows:
        raise UserError("an ensemble needs at least two finished runs of a variant, and no variant has them")
    return rows


def _row(runs: Runs, variant: str, metric: str) -> EnsembleRow:
    from rnnlab.trained.ensemble import ensemble
    from rnnlab.training.cleanup import Released

    with Released():
        of_seeds = ensemble(runs[variant].values())
        metrics = of_seeds.evaluated.metrics
    if metric not in metrics:
        raise UserError(f"an ensemble has no metric {metric}: it has {', '.join(sorted(metrics))}")
    alone = [value for run in of_seeds.runs if (value := run.result.metrics.get(metric)) is not None]
    return EnsembleRow(of_seeds.seeds, metrics[metric], float(np.mean(alone)))
