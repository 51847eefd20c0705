"""MLflow and Weights & Biases; the package of each is imported when a run is told to it."""

import os
import re
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from rnnlab.errors import UserError
from rnnlab.section import Section
from rnnlab.trackers.tracker import TRACKERS, Told, tracker

__all__ = ["TRACKERS"]


class MlflowOptions(Section):
    """Options of MLflow."""

    uri: str | None = None
    """The tracking server or store, such as http://localhost:5000 or sqlite:///mlflow.db; null takes MLFLOW_TRACKING_URI."""
    experiment: str | None = None
    """The experiment there; null takes this one's name."""


@tracker("mlflow", options=MlflowOptions)
class Mlflow:
    """MLflow: a run for each run, with the tags variant, seed and fingerprint; `pip install 'rnnlab[mlflow]'`."""

    def __init__(self, uri: str | None, experiment: str | None):
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # a server that is away is not waited for
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
        self._client, self._entities = _package("mlflow").MlflowClient(uri), _package("mlflow.entities")
        self._experiment = experiment

    def run(self, told: Told) -> None:
        """Take a finished run."""
        tags = {"variant": told.variant, "seed": str(told.seed), "fingerprint": told.fingerprint, "status": told.status}
        tags |= {"error": told.error[:4000]} if told.error else {}
        known = self._client.create_run(self._place(told.experiment), run_name=told.name, tags=tags).info.run_id
        parameter, metric = self._entities.Param, self._entities.Metric
        now, steps = int(time.time() * 1000), [*told.epochs, (len(told.epochs), told.metrics)]
        for some in _several([parameter(_plain(name), str(value)[:6000]) for name, value in told.parameters.items()], 100):
            self._client.log_batch(known, params=some)
        for some in _several([metric(_plain(name), one, now, step) for step, all_ in steps for name, one in all_.items()], 500):
            self._client.log_batch(known, metrics=some)
        if told.weights:
            self._client.log_artifact(known, str(told.weights))
        self._client.set_terminated(known, "FINISHED" if told.status == "done" else "FAILED")

    def report(self, experiment: str, path: Path) -> None:
        """Take the report, as the artifact of a run of its own."""
        known = self._client.create_run(self._place(experiment), run_name="report", tags={"variant": "report"}).info.run_id
        self._client.log_artifact(known, str(path))
        self._client.set_terminated(known)

    def _place(self, experiment: str) -> str:
        name = self._experiment or experiment
        there = self._client.get_experiment_by_name(name)
        return str(there.experiment_id if there else self._client.create_experiment(name))


class WandbOptions(Section):
    """Options of Weights & Biases."""

    mode: Literal["online", "offline"] = "online"
    """Whether runs are sent at once, or kept in the folder until `wandb sync`."""
    project: str | None = None
    """The project there; null takes the experiment's name."""
    entity: str | None = None
    """The user or team; null takes the one that is logged in."""
    folder: str = "."
    """Where it keeps its own files, in a folder `wandb`."""


@tracker("wandb", options=WandbOptions)
class Wandb:
    """Weights & Biases: a run for each run, in the group of its variant; `pip install 'rnnlab[wandb]'`."""

    def __init__(self, mode: str, project: str | None, entity: str | None, folder: str):
        self._wandb = _package("wandb")
        self._mode, self._project, self._entity, self._folder = mode, project, entity, folder

    def run(self, told: Told) -> None:
        """Take a finished run."""
        config = {**told.parameters, "variant": told.variant, "seed": told.seed, "fingerprint": told.fingerprint}
        run = self._begin(told.experiment, told.name, told.variant, config)
        for step, metrics in told.epochs:
            run.log(metrics, step=step)
        run.summary.update({**told.metrics, "status": told.status, **({"error": told.error} if told.error else {})})
        if told.weights:
            self._keep(run, f"weights-{told.variant}-seed-{told.seed}", "model", told.weights)
        run.finish(exit_code=int(told.status != "done"))

    def report(self, experiment: str, path: Path) -> None:
        """Take the report, as the artifact of a run of its own."""
        run = self._begin(experiment, "report", "report", {})
        self._keep(run, f"report-{experiment}", "report", path)
        run.finish()

    def _begin(self, experiment: str, name: str, group: str, config: dict[str, Any]) -> Any:
        return self._wandb.init(
            project=self._project or experiment,
            entity=self._entity,
            name=name,
            group=group,
            config=config,
            mode=self._mode,
            dir=self._folder,
            reinit="create_new",
            settings=self._wandb.Settings(silent=True, disable_git=True, console="off"),
        )

    def _keep(self, run: Any, name: str, kind: str, path: Path) -> None:
        artifact = self._wandb.Artifact(_plain(name).replace("/", "_").replace(" ", "_"), type=kind)
        artifact.add_file(str(path))
        run.log_artifact(artifact)


def _package(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise UserError(f"it needs a package: pip install 'rnnlab[{name.split('.')[0]}]' ({error})") from error


def _several(items: list[Any], count: int) -> Iterator[list[Any]]:
    """So many at a time, as a server takes them."""
    return (items[start : start + count] for start in range(0, len(items), count))


def _plain(name: str) -> str:
    """A name of the characters that both take."""
    return re.sub(r"[^\w./ -]", "_", name, flags=re.ASCII)
