"""What a run is and where it is made, as its files say it."""

from pathlib import Path
from typing import Any

from rnnlab import files
from rnnlab.config import ConfigError, RunSpec, dump, reader
from rnnlab.config.identity import SCHEMA
from rnnlab.config.plugged import used
from rnnlab.data.dataset import Dataset
from rnnlab.storage import store
from rnnlab.training.own_metrics import METRICS


def who(spec: RunSpec) -> dict[str, Any]:
    """Return the names of a run."""
    return {"experiment": spec.experiment, "variant": spec.variant, "seed": spec.seed}


def made(spec: RunSpec, dataset: Dataset) -> dict[str, Any]:
    """Return what a run is made from."""
    dropped = {"dropped_rows": dict(dataset.dropped)} if dataset.dropped else {}
    plugins = {"plugins": parts} if (parts := used(spec.config)) else {}
    kind = dataset.task.kind
    own = {name: METRICS[name].mode for name in spec.config.evaluation.metrics} | (dict(kind.figures) if kind.loss else {})
    modes = {"modes": own} if own else {}
    return {"schema": SCHEMA, "fingerprint": spec.fingerprint, "data": dataset.sha256, **dropped, **plugins, **modes}


def retried(spec: RunSpec, folder: Path, lost: str) -> list[str]:
    """Return why tries of a run were lost: what its `run.yaml` tells, unless it is of another config, and the last one."""
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
