"""The origin of a run as its files record it: which run it is, what it is made from, where."""

from pathlib import Path
from typing import Any

from rnnlab import files
from rnnlab.config import ConfigError, RunSpec, dump, reader
from rnnlab.config.identity import SCHEMA
from rnnlab.config.plugged import used
from rnnlab.data.dataset import Dataset
from rnnlab.storage import store
from rnnlab.storage.run_result import RunResult
from rnnlab.training.own_metrics import METRICS
from rnnlab.training.training_config import monitored


def who(spec: RunSpec) -> dict[str, Any]:
    """Return the names of a run."""
    return {"experiment": spec.experiment, "variant": spec.variant, "seed": spec.seed}


def made(spec: RunSpec, dataset: Dataset) -> dict[str, Any]:
    """Return what a run is made from."""
    dropped = {"dropped_rows": dict(dataset.dropped)} if dataset.dropped else {}
    plugins = {"plugins": parts} if (parts := used(spec.config)) else {}
    kind = dataset.task.kind
    own = {name: METRICS[name].mode for name in spec.config.evaluation.metrics} | (dict(kind.metrics) if kind.loss else {})
    modes = {"modes": own} if own else {}
    return {"schema": SCHEMA, "fingerprint": spec.fingerprint, "data": dataset.sha256, **dropped, **plugins, **modes}


def begun(spec: RunSpec, dataset: Dataset) -> RunResult:
    """Return the result that a run has until it ends: a failed one that says which run it is."""
    monitor, mode = monitored(spec.config.training, dataset.task.kind)
    made_from: dict[str, Any] = {**who(spec), **made(spec, dataset), "trained": spec.training_fingerprint}
    return RunResult(status="failed", monitor=monitor, mode=mode, **made_from)


def retried(spec: RunSpec, folder: Path, lost: str) -> list[str]:
    """Return why earlier tries of a run were lost, as its `run.yaml` says unless that is of another config, and the last
    one."""
    try:
        before = reader.read(folder / store.RUN).plain()
        told = before["retried"] if before["fingerprint"] == spec.fingerprint else []
    except (OSError, ConfigError, KeyError, TypeError):
        told = []
    return [*told, lost] if lost else list(told)


def write_origin(spec: RunSpec, folder: Path, dataset: Dataset, where: dict[str, Any]) -> None:
    """Write `run.yaml`: the run, its part of the config, and `where` it is made."""
    document = {**who(spec), "config": spec.config.model_dump(), **made(spec, dataset), **where}
    files.write(folder / store.RUN, dump(document))
