"""What `run` would do: which runs are missing, how many steps they take, and how long, as finished runs tell."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import mean

from rnnlab.config import Experiment
from rnnlab.data.build import build, ready
from rnnlab.data.config import DataConfig
from rnnlab.data.dataset import Dataset
from rnnlab.models.size import parameters
from rnnlab.runs import store
from rnnlab.runs.sweep import kept


@dataclass(frozen=True)
class Planned:
    """What is planned for one variant."""

    variant: str
    runs: int
    """Runs in all: one a seed."""
    done: int
    """Runs whose result counts, as far as can be told: without the data none does."""
    epochs: int
    """Epochs of one run, unless it stops early."""
    steps: int | None
    """Batches of one run, likewise; None where the data is not prepared."""
    parameters: int | None
    """Trained numbers of the model, likewise."""
    seconds: float | None
    """What the missing runs will take if they take what finished ones took; None where none has finished."""


def plan(experiment: Experiment, runs_dir: str | Path = "runs") -> list[Planned]:
    """Return what a sweep over the experiment would make, by variant; nothing is written, and no data is prepared."""
    folder, dataset = Path(runs_dir) / experiment.name, cache(_dataset)
    results = {
        spec: kept(spec, store.run_folder(folder, spec.variant, spec.seed), data)
        if (data := dataset(spec.config.data))
        else None
        for spec in experiment.runs()
    }
    seconds = {spec: result["metrics"]["seconds"] for spec, result in results.items() if result and result["metrics"]}
    rows = []
    for name, config in experiment.variants.items():
        found = [result for spec, result in results.items() if spec.variant == name]
        taken = [value for spec, value in seconds.items() if spec.variant == name] or list(seconds.values())
        missing = found.count(None)
        data = dataset(config.data)
        steps = config.training.epochs * data.train.count if data else None
        size = parameters(config.model, data.task) if data else None
        left = missing * mean(taken) if taken else None
        rows.append(Planned(name, len(found), len(found) - missing, config.training.epochs, steps, size, left))
    return rows


def _dataset(config: DataConfig) -> Dataset | None:
    return build(config) if ready(config) else None


def unprepared(experiment: Experiment) -> list[str]:
    """Return the names of the data sets that have to be prepared before the experiment can be planned in full."""
    return sorted({config.data.name for config in experiment.variants.values() if not ready(config.data)})
