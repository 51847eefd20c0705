"""The origin of a run as its files record it: which run it is, what it is made from, where."""

from pathlib import Path

from rnnlab.config import RunSpec
from rnnlab.config.identity import SCHEMA
from rnnlab.config.used import used
from rnnlab.data.dataset import Dataset
from rnnlab.documents import Record
from rnnlab.storage.run_origin import Provenance, RunOrigin, known_origin
from rnnlab.storage.run_result import RunResult
from rnnlab.training.own_metrics import METRICS
from rnnlab.training.training_config import monitored


def who(spec: RunSpec) -> Record:
    """Return the names of a run."""
    return {"experiment": spec.experiment, "variant": spec.variant, "seed": spec.seed}


def made(spec: RunSpec, dataset: Dataset) -> Record:
    """Return what a run is made from."""
    dropped = {"dropped_rows": dict(dataset.dropped)} if dataset.dropped else {}
    kind = dataset.task.kind
    own = {name: METRICS[name].mode for name in spec.config.evaluation.metrics} | (dict(kind.metrics) if kind.loss else {})
    modes = {"modes": own} if own else {}
    prints = {"fingerprint": spec.fingerprint, "trained": spec.training_fingerprint, "data": dataset.sha256}
    return {"schema": SCHEMA, **prints, "parts": used(spec.config), **dropped, **modes}


def begun(spec: RunSpec, dataset: Dataset) -> RunResult:
    """Return the result that a run has until it ends: a failed one that says which run it is."""
    monitor, mode = monitored(spec.config.training, dataset.task.kind)
    made_from: Record = {**who(spec), **made(spec, dataset)}
    return RunResult(status="failed", monitor=monitor, mode=mode, **made_from)


def retried(spec: RunSpec, folder: Path, lost: str) -> list[str]:
    """Return why earlier tries of a run were lost, as its `run.yaml` says unless that is of another config, and the last
    one."""
    before = known_origin(folder)
    told = (before.retried or []) if before and before.fingerprint == spec.fingerprint else []
    return [*told, lost] if lost else list(told)


def origin_of(spec: RunSpec, dataset: Dataset, where: Provenance, lost: list[str] | None = None) -> RunOrigin:
    """Return what `run.yaml` says: the run, its part of the config, `where` it is made, and why earlier tries were `lost`."""
    made_from: Record = {**who(spec), "config": spec.config.model_dump(), **made(spec, dataset), **vars(where)}
    return RunOrigin(**made_from, retried=lost)
