"""How long a run of each variant takes: as long as those that have ended, or else by its work."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean

from rnnlab.config import RunSpec
from rnnlab.data.data_config import DataConfig
from rnnlab.data.dataset import Dataset
from rnnlab.models.size import parameters
from rnnlab.sweep.conflicts import Results

BUILTIN = 1.5
"""Roughly how much longer a step takes with Keras's layers; on TensorFlow it is more, on JAX less."""


def work(runs: Iterable[RunSpec], dataset: Callable[[DataConfig], Dataset | None]) -> dict[str, float]:
    """Return the steps of a run times the weights of its model, more with built-in layers, by variant.

    It is 1 for every variant where data are not prepared.
    """
    configs = {spec.variant: spec.config for spec in runs}
    sizes = dict[str, float]()
    for name, config in configs.items():
        data = dataset(config.data)
        if data is None:
            return dict.fromkeys(configs, 1.0)
        pace = BUILTIN if any(layer.implementation == "keras" for layer in config.model.recurrent) else 1.0
        sizes[name] = max(1.0, config.training.epochs * data.train.count * parameters(config.model, data.task)) * pace
    return sizes


def taken(results: Results) -> dict[str, list[float]]:
    """Return the seconds of the runs that have ended, by variant."""
    seconds = dict[str, list[float]]()
    for spec, result in results.items():
        if result and (value := result.metrics.get("seconds")):
            seconds.setdefault(spec.variant, []).append(value)
    return seconds


def expected(work: Mapping[str, float], taken: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return how long a run of each variant takes: the mean of those that have ended, or else its work at their pace.

    Where none has ended it is the work itself, which tells no seconds but which variant takes longer.

    >>> expected({"small": 2.0, "new": 8.0}, {"small": [3.0, 5.0]})
    {'small': 4.0, 'new': 16.0}
    """
    means = {name: fmean(seconds) for name, seconds in taken.items()}
    pace = fmean(seconds / work[name] for name, seconds in means.items()) if means else 1.0
    return {name: means.get(name, amount * pace) for name, amount in work.items()}
