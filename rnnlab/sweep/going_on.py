"""The start of a resumed run: its own state, that of the same run with fewer epochs, or its weights for another evaluation."""

from dataclasses import replace
from pathlib import Path

from rnnlab import files
from rnnlab.config import RunSpec
from rnnlab.data.dataset import Dataset
from rnnlab.storage import store
from rnnlab.storage.run_origin import Provenance, known_origin
from rnnlab.storage.run_result import RunResult
from rnnlab.training import array_file
from rnnlab.training.checkpoint import Slot
from rnnlab.training.schedules import SCHEDULES
from rnnlab.training.training_config import TrainingConfig


def slot(spec: RunSpec, folder: Path, dataset: Dataset, where: Provenance) -> Slot:
    """Return the place of a run's state, which holds the state that the run resumes from, if any; `where` it is made now."""
    identity = {**_learnt(spec, dataset), "by": where.makers}
    return Slot(folder / store.CHECKPOINT / store.STATE, identity, spec.config.training.epochs)


def needs_all_epochs(config: TrainingConfig) -> str:
    """Return why training with more epochs differs from the first epoch on; empty where it goes on from the shorter one.

    >>> needs_all_epochs(TrainingConfig(epochs=3))
    ''
    """
    name = config.schedule.name if config.schedule else ""
    return f"its {name} schedule depends on training.epochs" if name and SCHEDULES[name].whole else ""


def goes_on(spec: RunSpec, folder: Path, dataset: Dataset | None) -> bool:
    """Return whether a run's folder holds a state of the same run with as many epochs or fewer, as its outline says.

    The data are not compared where there is no `dataset`.
    """
    try:
        state = array_file.outline(folder / store.CHECKPOINT / store.STATE)
        learnt = _learnt(spec, dataset)
        same = {name: state["identity"][name] for name in learnt} == learnt
        return bool(same and (state["epoch"], state["batch"]) <= (spec.config.training.epochs, 0))
    except (OSError, ValueError, LookupError, TypeError):
        return False


def _learnt(spec: RunSpec, dataset: Dataset | None) -> dict[str, str]:
    """The values that decide the bits of every epoch; their number does not, unless the schedule depends on it."""
    config = spec.config.training
    if not needs_all_epochs(config):
        config = config.model_copy(update={"epochs": 0})
    endless = replace(spec, config=spec.config.model_copy(update={"training": config}))
    return {"fingerprint": endless.training_fingerprint, **({"data": dataset.sha256} if dataset else {})}


def trained_already(spec: RunSpec, folder: Path, dataset: Dataset, where: Provenance) -> RunResult | None:
    """Return the result of the same training with another evaluation, if its weights are whole; None where there is none.

    What the new evaluation writes again may be damaged: a kill may have come while it was written.
    """
    record = store.read_run(folder)
    result = record.result
    if result is None or (result.trained, result.data) != (spec.training_fingerprint, dataset.sha256):
        return None
    if result.status not in ("done", "diverged") or store.EVENTS in record.damaged:
        return None
    origin = known_origin(folder)
    same = origin is not None and origin.makers == where.makers
    return result if same and store.weights_whole(folder, result) else None


def prune(spec: RunSpec, folder: Path, result: RunResult) -> None:
    """Remove the states that a run needs no more, once its result is safe; a failed run may be tried again from its state."""
    if result.status == "failed":
        return
    resumable = spec.config.training.keep == "resumable"
    files.remove(folder / store.CHECKPOINT / f"{store.STATE}.previous" if resumable else folder / store.CHECKPOINT)
