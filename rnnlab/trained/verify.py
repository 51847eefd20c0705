"""A finished run is trained again, and every bit compared."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rnnlab.config import RunSpec
from rnnlab.config.identity import differences
from rnnlab.data.dataset import Dataset
from rnnlab.documents import Record
from rnnlab.errors import UserError
from rnnlab.progress.display import display
from rnnlab.storage import store
from rnnlab.storage.lease import Lock
from rnnlab.storage.run_origin import Provenance
from rnnlab.storage.run_result import RunResult
from rnnlab.storage.store import RunRecord
from rnnlab.trained.backend_of_run import require
from rnnlab.trained.elsewhere import data_folder, paths_of_model, refuse_missing
from rnnlab.trained.loading import EndedRun, ended
from rnnlab.training import array_file, weights_file
from rnnlab.training.epoch_record import EpochRecord
from rnnlab.training.schedules import SCHEDULES, factor
from rnnlab.training.training_config import TrainingConfig

CLOCK = ("seconds", "throughput")
"""The metrics that say how long something took."""
Pairs = dict[str, dict[str, tuple[object, object]]]
"""The compared values, by part and name: then and now."""


@dataclass(frozen=True)
class Verified:
    """The comparison of a run with itself, trained again."""

    epochs: int
    """Epochs trained again."""
    agree: dict[str, bool]
    """The parts that were compared, and whether all their bits agree."""
    differences: list[str]
    """The first value of each kind that differs."""
    versions: dict[str, tuple[object, object]]
    """Versions that have changed since the run was made: then and now."""
    deterministic: bool
    """Whether operations were made to repeat exactly."""

    @property
    def exit_status(self) -> int:
        """0 where all bits agree, 1 where one differs."""
        return int(not all(self.agree.values()))

    def sentences(self) -> list[str]:
        """Return the comparison in words, a line each."""
        parts = ", ".join(f"{part} {'agree' if agrees else 'DIFFER'}" for part, agrees in self.agree.items())
        changed = [f"{name} was {str(then)[:80]} and is {str(now)[:80]}" for name, (then, now) in self.versions.items()]
        return [
            f"epochs trained again: {self.epochs}; {parts}",
            *self.differences,
            *(changed or ["versions, code and machine are those of the run"]),
            *([] if self.deterministic else ["training.deterministic is off: the bits need not agree"]),
        ]


def verify(folder: str | Path, epochs: int | None = None) -> Verified:
    """Train a finished run again, wholly or for some epochs, in a temporary folder, and compare all bits.

    The data, first weights and curves are compared; after whole training also metrics, the weights of the best epoch, and the
    last state if it was kept: weights, optimizer, generators. Raises UserError if the folder is not a complete run that has
    ended, if its weights are damaged, and if this process has another backend than the run.
    """
    run = ended(folder)
    require(run.record.folder)
    record, result, origin = run
    config = run.config
    whole = epochs is None or epochs >= (result.epochs or 0)
    if whole and result.weights and not store.weights_whole(record.folder, result):
        raise UserError(f"{record.folder / store.WEIGHTS} is damaged; remove it, and rnnlab run makes the run again")
    changes = {"keep": "resumable", **({} if whole else {"epochs": epochs})}
    if epochs and not whole:
        _require_same_rates(config.training, epochs)
    refuse_missing(paths_of_model(config), run.places, record.folder)
    config, dataset = run.with_data()
    config = config.model_copy(update={"training": config.training.model_copy(update=changes)})
    with TemporaryDirectory(prefix="rnnlab-verify-") as scratch, data_folder(run.places):
        now, again = _again(RunSpec(str(origin.experiment), record.variant, record.seed, config), dataset, Path(scratch))
        pairs = _curves(record, now)
        if whole:
            pairs |= _metrics(result, again) | _weights(record, now) | _state(record.folder, now.folder)
    pairs |= _fingerprints(result, again)
    return _verified(run, len(now.epochs), pairs)


def _verified(run: EndedRun, epochs: int, pairs: Pairs) -> Verified:
    """What the compared values say."""
    different = {part: [name for name, (then, new) in compared.items() if then != new] for part, compared in pairs.items()}
    told = [f"{part}: {_tell(names[0], *pairs[part][names[0]])}" for part, names in different.items() if names]
    agree = {part: not names for part, names in different.items()}
    return Verified(epochs, agree, told, _versions(run.origin), bool(run.result.deterministic))


def _require_same_rates(config: TrainingConfig, epochs: int) -> None:
    """Refuse a number of epochs in which the learning rates would not be those of the whole run."""
    schedule = config.schedule
    if not schedule or not SCHEDULES[schedule.name].whole:
        return
    for epoch in range(1, epochs + 1):
        if factor(schedule, epoch, epochs) != factor(schedule, epoch, config.epochs):
            raise UserError(
                f"the learning rate of epoch {epoch} depends on how many epochs there are (schedule {schedule.name}), so "
                f"{epochs} of {config.epochs} can't be trained again by themselves; leave --epochs out"
            )


def _again(spec: RunSpec, dataset: Dataset, folder: Path) -> tuple[RunRecord, RunResult]:
    """Make the run in a scratch folder; return its record and result."""
    from rnnlab.sweep.execute import execute

    place = store.run_folder(folder, spec.variant, spec.seed)
    place.mkdir(parents=True)
    with display(1, spec.config.training.epochs) as progress, Lock(place) as lock:
        lock.take()
        execute(spec, place, dataset, progress, lock)
    record = store.read_run(place)
    if record.result is None or record.result.status == "failed":
        raise UserError(f"trained again, it failed:\n{record.result and record.result.traceback}")
    return record, record.result


def _fingerprints(then: RunResult, now: RunResult) -> Pairs:
    names = {"data": "data", "first weights": "initial_weights"}
    return {part: {"sha256": (getattr(then, name), getattr(now, name))} for part, name in names.items()}


def _curves(record: RunRecord, now: RunRecord) -> Pairs:
    flat = [{**_flat(epoch), "epoch": number} for run in (record, now) for number, epoch in enumerate(run.epochs, 1)]
    before, after = flat[: len(now.epochs)], flat[len(record.epochs) :]
    names = {
        f"epoch {then['epoch']}, {name}": (then[name], again.get(name))
        for then, again in zip(before, after, strict=False)
        for name in then
    }
    return {"curves": {"epochs": (len(before), len(after)), **names}}


def _flat(epoch: EpochRecord) -> Record:
    splits = {f"{split} {name}": value for split, metrics in epoch.splits.items() for name, value in metrics.items()}
    return {**splits, "learning rate": epoch.beside.get("learning_rate")}


def _metrics(then: RunResult, now: RunResult) -> Pairs:
    metrics = {name: (value, now.metrics.get(name)) for name, value in then.metrics.items() if name not in CLOCK}
    ends = {
        name: (getattr(then, name), getattr(now, name))
        for name in ("status", "epochs", "best_epoch", "error", "data_order", "calibration")
    }
    return {"metrics": {**metrics, **ends}}


def _weights(then: RunRecord, now: RunRecord) -> Pairs:
    """The weights of the best epoch, array by array."""
    before, after = (weights_file.arrays(record.folder / store.WEIGHTS) for record in (then, now))
    return {"best weights": {name: (before.get(name), after.get(name)) for name in before | after}}


def _state(then: Path, now: Path) -> Pairs:
    """The last state of the run, where it was kept and is whole, array by array."""
    try:
        before = array_file.read(then / store.CHECKPOINT / store.STATE)
    except (OSError, ValueError):
        return {}
    after = array_file.read(now / store.CHECKPOINT / store.STATE)
    pairs = {
        f"array {index}": (mine.tobytes(), theirs.tobytes())
        for index, (mine, theirs) in enumerate(zip(before["variables"], after["variables"], strict=True))
    }
    return {"last state": pairs}


def _tell(name: str, then: object, now: object) -> str:
    return f"{name} differs" if isinstance(then, bytes) else f"{name} was {then!r} and is {now!r}"


def _versions(origin: Provenance) -> dict[str, tuple[object, object]]:
    from rnnlab.sweep.provenance import provenance

    then, now = ({**where.makers, "processor": where.machine.get("processor")} for where in (origin, provenance()))
    return differences(then, now)
