"""MLflow and Weights & Biases; each package is imported when the first run begins."""

import os
import re
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Literal, TypeVar

from rnnlab.documents import Record
from rnnlab.errors import UserError
from rnnlab.section import Section
from rnnlab.trackers.tracker import TRACKERS, Begun, Ended, tracker

if TYPE_CHECKING:
    import wandb

__all__ = ["TRACKERS"]


class MlflowOptions(Section):
    """Options of MLflow."""

    uri: str | None = None
    """The tracking server or store, such as http://localhost:5000 or sqlite:///mlflow.db; null uses MLFLOW_TRACKING_URI."""
    experiment: str | None = None
    """The experiment in MLflow; null uses the name of this experiment."""


@tracker("mlflow", options=MlflowOptions)
class Mlflow:
    """MLflow: one MLflow run for each run, with the tags experiment, variant, seed and fingerprint; `pip install
    'rnnlab[mlflow]'`."""

    def __init__(self, uri: str | None, experiment: str | None):
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # a server that is away is not waited for
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
        self._client, self._entities = _package("mlflow").MlflowClient(uri), _package("mlflow.entities")
        self._experiment = experiment

    def begin(self, run: Begun, known: str | None) -> str:
        """Begin a run, or continue it; one that was deleted on the server is begun anew."""
        if known and not self._gone(known):
            self._client.update_run(known, status="RUNNING")
            return known
        tags = {"experiment": run.experiment, "variant": run.variant, "seed": str(run.seed), "fingerprint": run.fingerprint}
        made = self._client.create_run(self._place(run.experiment), run_name=run.name, tags=tags)
        params = [self._entities.Param(_plain(name), str(value)[:6000]) for name, value in run.parameters.items()]
        for some in _several(params, 100):
            self._client.log_batch(made.info.run_id, params=some)
        return str(made.info.run_id)

    def epoch(self, known: str, epoch: int, metrics: dict[str, float]) -> None:
        """Add the metrics of an epoch."""
        now = int(time.time() * 1000)
        for some in _several([self._entities.Metric(_plain(name), one, now, epoch) for name, one in metrics.items()], 500):
            self._client.log_batch(known, metrics=some)

    def end(self, known: str, run: Begun, ended: Ended) -> None:
        """Log the status and the final metrics, and upload the weights."""
        self.epoch(known, ended.epochs, ended.metrics)
        for tag, value in {"status": ended.status, "error": (ended.error or "")[:4000]}.items():
            if value:
                self._client.set_tag(known, tag, value)
        if ended.weights:
            self._client.log_artifact(known, str(ended.weights))
        self._client.set_terminated(known, "FINISHED" if ended.status == "done" else "FAILED")

    def report(self, experiment: str, path: Path) -> None:
        """Upload the report as the artifact of a run of its own."""
        known = self._client.create_run(self._place(experiment), run_name="report", tags={"variant": "report"}).info.run_id
        self._client.log_artifact(known, str(path))
        self._client.set_terminated(known)

    def _gone(self, known: str) -> bool:
        """Whether the run does not exist on the server, or is deleted there."""
        try:
            return bool(self._client.get_run(known).info.lifecycle_stage == "deleted")
        except _package("mlflow.exceptions").MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return True
            raise

    def _place(self, experiment: str) -> str:
        name = self._experiment or experiment
        if there := self._client.get_experiment_by_name(name):
            return str(there.experiment_id)
        try:
            return str(self._client.create_experiment(name))
        except Exception:  # another process may have made it meanwhile
            if there := self._client.get_experiment_by_name(name):
                return str(there.experiment_id)
            raise


Item = TypeVar("Item")


class WandbOptions(Section):
    """Options of Weights & Biases."""

    mode: Literal["online", "offline"] = "online"
    """Whether runs are sent at once, or kept in the folder until `wandb sync`."""
    project: str | None = None
    """The project in Weights & Biases; null uses the name of the experiment."""
    entity: str | None = None
    """The user or team; null uses the one that is logged in."""
    folder: str = "."
    """The folder in which it makes its own folder `wandb`."""


@tracker("wandb", options=WandbOptions)
class Wandb:
    """Weights & Biases: one of its runs for each run, in the group of its variant; `pip install 'rnnlab[wandb]'`."""

    def __init__(self, mode: str, project: str | None, entity: str | None, folder: str):
        self._wandb = _package("wandb")
        self._mode, self._project, self._entity, self._folder = mode, project, entity, folder
        self._runs: Record = {}

    def begin(self, run: Begun, known: str | None) -> str:
        """Begin a run, or continue it."""
        about = {"experiment": run.experiment, "variant": run.variant, "seed": run.seed, "fingerprint": run.fingerprint}
        begun = self._begin(run.experiment, run.name, run.variant, {**run.parameters, **about}, known)
        self._runs[begun.id] = begun
        return str(begun.id)

    def epoch(self, known: str, epoch: int, metrics: dict[str, float]) -> None:
        """Add the metrics of an epoch."""
        self._runs[known].log(metrics, step=epoch)

    def end(self, known: str, run: Begun, ended: Ended) -> None:
        """Log the status and the final metrics, and upload the weights."""
        own = self._runs.pop(known)
        own.summary.update({**ended.metrics, "status": ended.status, **({"error": ended.error} if ended.error else {})})
        if ended.weights:
            self._keep(own, f"weights-{run.variant}-seed-{run.seed}", "model", ended.weights)
        own.finish(exit_code=int(ended.status != "done"))

    def report(self, experiment: str, path: Path) -> None:
        """Upload the report as the artifact of a run of its own."""
        run = self._begin(experiment, "report", "report", {})
        self._keep(run, f"report-{experiment}", "report", path)
        run.finish()

    def _begin(self, experiment: str, name: str, group: str, config: Record, known: str | None = None) -> "wandb.Run":
        return self._wandb.init(
            id=known,
            resume="allow" if known else None,
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

    def _keep(self, run: "wandb.Run", name: str, kind: str, path: Path) -> None:
        artifact = self._wandb.Artifact(_plain(name).replace("/", "_").replace(" ", "_"), type=kind)
        artifact.add_file(str(path))
        run.log_artifact(artifact)


def _package(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError as error:
        raise UserError(f"it needs a package: pip install 'rnnlab[{name.split('.')[0]}]' ({error})") from error


def _several(items: list[Item], count: int) -> Iterator[list[Item]]:
    """Batches of `count` items, the most that a server accepts."""
    return (items[start : start + count] for start in range(0, len(items), count))


def _plain(name: str) -> str:
    """The name with only the characters that both services accept."""
    return re.sub(r"[^\w./ -]", "_", name, flags=re.ASCII)
