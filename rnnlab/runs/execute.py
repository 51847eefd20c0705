"""One run into its folder: record where it is made, train, write how it ended."""

from dataclasses import asdict
from pathlib import Path
from traceback import format_exc
from typing import TYPE_CHECKING, Any

from rnnlab.config import RunSpec, dump
from rnnlab.data.dataset import Dataset
from rnnlab.runs import files, store
from rnnlab.runs.provenance import provenance
from rnnlab.training.config import monitored

if TYPE_CHECKING:
    import keras


def execute(spec: RunSpec, folder: Path, dataset: Dataset, watch: "keras.callbacks.Callback") -> dict[str, Any]:
    """Train a run from its beginning and return its result, which is then in `folder` too; an exception is a result."""
    store.clear(files.make(folder))
    files.write(folder / store.RUN, dump(_origin(spec, dataset)))
    monitor, mode = monitored(spec.config.training, dataset.task.kind)
    result = {
        "status": "failed",
        "experiment": spec.experiment,
        "variant": spec.variant,
        "seed": spec.seed,
        "fingerprint": spec.fingerprint,
        "data": dataset.sha256,
        "monitor": monitor,
        "mode": mode,
        "metrics": {},
        "error": None,
        "traceback": None,
    }
    try:
        result |= _train(spec, folder, dataset, watch)
    except Exception as error:
        result |= {"error": f"{type(error).__name__}: {error}".splitlines()[0], "traceback": format_exc()}
    store.write_result(folder, result)
    return result


def _train(spec: RunSpec, folder: Path, dataset: Dataset, watch: "keras.callbacks.Callback") -> dict[str, Any]:
    from rnnlab import tensorboard
    from rnnlab.training.callbacks import EventLog
    from rnnlab.training.release import released
    from rnnlab.training.train import train

    callbacks = [EventLog(folder / store.EVENTS), tensorboard.callback(folder / store.TENSORBOARD), watch]
    with released():
        return asdict(train(spec.config.model, dataset, spec.config.training, spec.seed, callbacks)[1])


def _origin(spec: RunSpec, dataset: Dataset) -> dict[str, Any]:
    return {
        "experiment": spec.experiment,
        "variant": spec.variant,
        "seed": spec.seed,
        "config": spec.config.model_dump(),
        "fingerprint": spec.fingerprint,
        "data": dataset.sha256,
        **provenance(),
    }
