"""What `run` would do: which runs are missing, how many steps they take, and how long, as finished runs tell."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import mean

from rnnlab.config import Experiment
from rnnlab.data.build import build
from rnnlab.runs import store
from rnnlab.runs.sweep import kept


@dataclass(frozen=True)
class Planned:
    """What is planned for one variant."""

    variant: str
    runs: int
    """Runs in all: one a seed."""
    done: int
    """Runs whose result counts."""
    epochs: int
    """Epochs of one run, unless it stops early."""
    steps: int
    """Batches of one run, likewise."""
    seconds: float | None
    """What the missing runs will take if they take what finished ones took; None where none has finished."""


def plan(experiment: Experiment, runs_dir: str | Path = "runs") -> list[Planned]:
    """Return what a sweep over the experiment would make, by variant; nothing is written."""
    folder, dataset = Path(runs_dir) / experiment.name, cache(build)
    results = {
        spec: kept(spec, store.run_folder(folder, spec.variant, spec.seed), dataset(spec.config.data))
        for spec in experiment.runs()
    }
    seconds = {spec: result["metrics"]["seconds"] for spec, result in results.items() if result and result["metrics"]}
    rows = []
    for name, config in experiment.variants.items():
        found = [result for spec, result in results.items() if spec.variant == name]
        taken = [value for spec, value in seconds.items() if spec.variant == name] or list(seconds.values())
        missing = found.count(None)
        steps = config.training.epochs * len(dataset(config.data).train.order(1, 0))
        left = missing * mean(taken) if taken else None
        rows.append(Planned(name, len(found), len(found) - missing, config.training.epochs, steps, left))
    return rows
