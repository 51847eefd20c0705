"""The model of a finished run, built again from its folder."""

import os
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from rnnlab import plugins
from rnnlab.config import RunConfig
from rnnlab.data.build_dataset import build
from rnnlab.data.dataset import Dataset
from rnnlab.data.task import Task
from rnnlab.errors import UserError
from rnnlab.models.build_model import build as build_model
from rnnlab.storage import store, tokenizer_file
from rnnlab.storage.run_origin import RunOrigin, read_origin
from rnnlab.storage.run_result import RunResult
from rnnlab.storage.store import RunRecord
from rnnlab.trained import elsewhere
from rnnlab.training import weights_file
from rnnlab.training.fit import compiled


class EndedRun(NamedTuple):
    """The contents of the folder of a run that has ended and not failed."""

    record: RunRecord
    result: RunResult
    """The contents of result.json."""
    origin: RunOrigin
    """The contents of run.yaml."""

    @property
    def config(self) -> RunConfig:
        """The run's config; its relative paths lead from the first of `places` that has the file."""
        return elsewhere.from_places(self._made, self.places)

    @property
    def places(self) -> list[Path]:
        """The folders from which relative paths may lead."""
        return elsewhere.places(self.record.folder, self.origin.directory)

    @property
    def _made(self) -> RunConfig:
        return RunConfig.model_validate(self.origin.config)

    def with_data(self) -> tuple[RunConfig, Dataset]:
        """Return the config whose paths lead to the data that the run was trained on, and these data.

        Where no place has them, they are those of the first place that has data; UserError where there are none.
        """
        elsewhere.refuse_missing(elsewhere.paths_of_data(self._made), self.places, self.record.folder)
        others: list[tuple[RunConfig, Dataset]] = []
        errors: list[UserError] = []
        with elsewhere.data_folder(self.places):
            for config in elsewhere.candidates(self._made, self.places):
                try:
                    dataset = build(config.data)
                except UserError as error:
                    errors.append(error)
                    continue
                if dataset.sha256 == self.result.data:
                    return config, dataset
                others.append((config, dataset))
        if not others:
            raise errors[0]
        return others[0]


class Trained(NamedTuple):
    """A finished run with its model and its data."""

    model: keras.Model
    """Compiled, with the weights of the best epoch."""
    dataset: Dataset
    ended: EndedRun


def ended(folder: str | Path) -> EndedRun:
    """Return the contents of a run's folder; raise UserError where it is damaged, has not ended, or has failed."""
    folder = Path(os.path.abspath(folder))
    if not (folder / store.RUN).is_file():
        inside = sorted(folder.glob(f"*/seed-*/{store.RUN}"))
        hint = f"; a run of this experiment is {inside[0].parent}" if inside else ""
        raise UserError(f"{folder} is not the folder of a run: it {_lacks(folder)}{hint}")
    record = store.read_run(folder)
    store.refuse_other_version(record)
    if record.misplaced:
        raise UserError(f"{folder} holds the result of another run ({record.misplaced}): it is in the wrong place")
    if record.damaged:
        raise UserError(f"{folder / record.damaged[0]} is damaged; rnnlab run repairs it")
    if record.result is None or record.result.status == "failed":
        raise UserError(f"{folder} {'has failed' if record.result else 'has not ended'}: it has left no trained model")
    run = EndedRun(record, record.result, read_origin(folder))
    plugins.load(run.origin.config.get("plugins", ()))
    return run


def _lacks(folder: Path) -> str:
    return f"has no {store.RUN}" if folder.is_dir() else "does not exist"


def trained(folder: str | Path) -> Trained:
    """Return the model of a finished run with the weights of its best epoch, its data, and what its folder says.

    Model and data are built from the run's own config; any backend takes the weights of any other. Raises UserError where the
    folder is not a finished run, where its weights were lost or are not finite numbers, and where its data are no longer those
    that it was trained on.
    """
    run = ended(folder)
    dataset = data_of(run)
    model = compiled(run.config.model, dataset, run.config.training, run.record.seed)
    put_weights(model, run)
    return Trained(model, dataset, run)


def for_export(folder: str | Path) -> keras.Model:
    """Return the model of a finished run for any number of rows and steps, without optimizer and carried state.

    Raises UserError as `trained` does; its data are not needed.
    """
    run = ended(folder)
    return model_for_export(run, tokenizer_file.read(run.record.folder)[0])


def model_for_export(run: EndedRun, task: Task) -> keras.Model:
    """Return the model of `for_export`, given what its folder says."""
    model = build_model(run.config.model, replace(task, batch_shape=(None, None, *task.batch_shape[2:]), carried=False), 0)
    put_weights(model, run)
    return model


def data_of(run: EndedRun) -> Dataset:
    """Return the data of a run; raise UserError where they are no longer those that it was trained on."""
    _, dataset = run.with_data()
    if dataset.sha256 != run.result.data:
        raise UserError(f"{run.record.folder} was trained on other data than {dataset.name!r} is now: the fingerprints differ")
    return dataset


def put_weights(model: keras.Model, run: EndedRun) -> None:
    """Give a model, built from the run's config, the weights of the run's best epoch.

    Raises UserError where they were lost or are not finite numbers.
    """
    path, known = run.record.folder / store.WEIGHTS, run.result.weights
    if known is None:
        raise UserError(f"{run.record.folder} has no {store.WEIGHTS}; rnnlab run makes it again")
    try:
        weights_file.load(path, model, known["sha256"])
    except (OSError, ValueError) as error:
        told = str(error).splitlines()[0]
        raise UserError(f"{told}; remove {path}, and rnnlab run makes the run again") from None
    if not all(np.isfinite(weight).all() for weight in model.get_weights()):
        raise UserError(f"{run.record.folder} diverged before it finished an epoch: its weights are not finite")
