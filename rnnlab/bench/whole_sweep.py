"""All runs of an experiment, one after the other, as a worker process makes them and as a loop in plain Keras would."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras

from rnnlab import files
from rnnlab.bench.model_products import products_ms
from rnnlab.bench.parts import Parts
from rnnlab.bench.plain_loop import plain_model, plain_run
from rnnlab.config import Experiment, RunConfig, RunSpec
from rnnlab.data.data_config import DataConfig
from rnnlab.data.dataset import Dataset
from rnnlab.models.build_model import build
from rnnlab.progress.lines import Lines
from rnnlab.report import html
from rnnlab.storage import store
from rnnlab.sweep.claim import Turns
from rnnlab.sweep.job import Job
from rnnlab.training.kept import Kept

Measured = dict[str, dict[str, float | None]]


class _Timed(Kept):
    """Compiled models, whose construction is timed separately."""

    def __init__(self, parts: Parts):
        super().__init__()
        self._parts = parts

    def compiled(self, *given: Any) -> keras.Model:
        """Return a model, compiled or taken from the last run."""
        with self._parts.during("compile"):
            return super().compiled(*given)


def rnnlab(experiment: Experiment, parts: Parts, folder: Path) -> Measured:
    """Make the runs in `folder` and draw the report; return the milliseconds of a step and of its products by variant."""
    turns, folder = Turns(), files.make(folder / experiment.name)
    turns.models = _Timed(parts)
    store.write_experiment(folder, experiment.document)
    datasets = _datasets(experiment, parts, turns.dataset)
    display = Lines(len(experiment.runs()), 1)
    for spec in _by_variant(experiment):
        parts.model = spec.variant
        turns.take(Job(spec, store.run_folder(folder, spec.variant, spec.seed), None), display)
    with parts.during("pictures"):
        html.write(folder)
    steps = {name: _step_ms(parts, name, datasets[name]) for name in datasets}
    with parts.during("products"):
        products = {name: _products(config, datasets[name]) for name, config in experiment.first_runs.items()}
    return {"steps": steps, "products": {**products}}


def plain(experiment: Experiment, parts: Parts, folder: Path) -> Measured:
    """Train the models of all runs in built-in layers by Keras's `fit`; return the milliseconds of a step by variant."""
    turns = Turns()
    datasets, steps = _datasets(experiment, parts, turns.dataset), dict[str, float | None]()
    for spec in _by_variant(experiment):
        parts.model, dataset = f"{spec.variant} {spec.seed}", datasets[spec.variant]
        parts.to("compile")
        keras.utils.set_random_seed(spec.seed)
        model = plain_model(spec.config, dataset, spec.seed)
        plain_run(model, spec.config, dataset)
        steps[spec.variant] = _step_ms(parts, parts.model, dataset)
    return {"steps": steps}


def _datasets(experiment: Experiment, parts: Parts, dataset: Callable[[DataConfig], Dataset]) -> dict[str, Dataset]:
    with parts.during("data"):
        return {name: dataset(config.data) for name, config in experiment.first_runs.items()}


def _by_variant(experiment: Experiment) -> Iterator[RunSpec]:
    """The runs in the order of a worker: all seeds of a variant, then the next."""
    order = list(experiment.first_runs)
    yield from sorted(experiment.runs(), key=lambda spec: order.index(spec.variant))


def _step_ms(parts: Parts, model: str, dataset: Dataset) -> float | None:
    seconds = parts.pass_seconds(model)
    return None if seconds is None else 1000 * seconds / dataset.train.count


def _products(config: RunConfig, dataset: Dataset) -> float:
    rows, steps = dataset.train.batch(dataset.train.order(0, 0)[0]).x.shape[:2]
    return products_ms(build(config.model, dataset.task, 1), rows, steps)
