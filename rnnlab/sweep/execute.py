"""One run into its folder: record where it is made, train or go on training, write how it ended."""

import time
from contextlib import closing, nullcontext
from dataclasses import asdict, replace
from pathlib import Path

import keras

from rnnlab import files
from rnnlab.config import RunSpec
from rnnlab.data.dataset import Dataset
from rnnlab.errors import StorageError
from rnnlab.inspection.inspect_callback import Inspect
from rnnlab.inspection.snapshot import first_batch
from rnnlab.progress.base import Display, Shown, watch
from rnnlab.storage import aside, store, tokenizer_file
from rnnlab.storage.lease import Lock, LostError
from rnnlab.storage.run_origin import Provenance, RunOrigin, known_origin, write_origin
from rnnlab.storage.run_result import RunResult
from rnnlab.sweep import going_on
from rnnlab.sweep.evaluate_again import evaluate_again, failure, with_evaluation
from rnnlab.sweep.origin import begun, made, origin_of, retried
from rnnlab.sweep.provenance import provenance
from rnnlab.sweep.standing import unfit
from rnnlab.tensorboard import seed_means
from rnnlab.tensorboard.run_board import Board
from rnnlab.training import weights_file
from rnnlab.training.callbacks import EventLog
from rnnlab.training.checkpoint import Slot
from rnnlab.training.fit import Callbacks
from rnnlab.training.kept import Kept
from rnnlab.training.threads import use
from rnnlab.training.train import train
from rnnlab.training.training_config import TrainingConfig


def execute(
    spec: RunSpec,
    folder: Path,
    dataset: Dataset,
    progress: Display,
    lock: Lock,
    lost: str = "",
    kept: Kept | None = None,
    began: str = "",
) -> RunResult:
    """Make a run, resumed from its state if `folder` holds one; return its result, which is then in the folder too.

    An exception is a result. A state counts where the same code and libraries made it from the same config and data. The caller
    has taken the `lock` of the folder, says why the last try was `lost`, if it was, may have `kept` the compiled model of
    another seed, and says when its command `began`. Raises LostError where another process took the run over, and StorageError
    where the disk is full or cannot be written: neither is a result, and the run resumes later from its last state.
    """
    use(spec.config.training.threads)
    where = provenance()
    origin = origin_of(spec, dataset, where, retried(spec, folder, lost))
    store.inside(folder.parent.parent, files.make(folder))  # links may have come since the sweep began
    for place in (folder, folder / store.CHECKPOINT):
        files.remove_partial(place)
    slot, board = going_on.slot(spec, folder, dataset, where), Board(spec, folder, dataset)
    shown = progress.begin(spec, dataset.task.unit)
    for path in slot.damaged:
        progress.say(f"{path} is damaged and not used")
    if before := None if slot.state else going_on.trained_already(spec, folder, dataset, where):
        progress.say(f"{spec.variant} seed {spec.seed} is trained already, and only evaluated again")
        if kept:
            kept.close()
        result = replace(evaluate_again(spec, folder, dataset, before), **made(spec, dataset))
        lock.check()
        _begin(folder, dataset, origin, board)
        board.epochs = store.read_run(folder).epochs
    else:
        _make_room(folder, slot, where, progress, began)
        _begin(folder, dataset, origin, board)
        callbacks = [Owned(lock), EventLog(folder / store.EVENTS), board, watch(shown, dataset.train.count)]
        callbacks += snapshots(spec.config.training, dataset, folder / store.INSPECTION)
        with nullcontext(kept) if kept else closing(Kept()) as models:
            result = _made(spec, folder, dataset, callbacks, slot, models)
    return _ended(spec, folder, replace(result, makers=where.makers), board, lock, shown)


def _make_room(folder: Path, slot: Slot, where: Provenance, progress: Display, began: str) -> None:
    """Move aside what the run does not resume from: a result that counts, and everything where no state of it is this run's."""
    result = store.read_run(folder).result
    lost = (folder / store.RESULT).exists() and not (result and result.status == "failed")
    if lost or (slot.state is None and store.holds_work(folder)):
        names = store.ENDED if slot.state else store.OWN
        reason = "it goes on" if slot.state else unfit(folder, where, bool(slot.damaged))
        to = aside.move(folder, aside.place(folder.parents[1], began), reason, names)
        progress.say(f"{folder}: {reason}; what was there is moved to {to}")
    elif slot.state is None:
        store.clear(folder)
    for name in store.ENDED:
        files.remove(folder / name)


def _begin(folder: Path, dataset: Dataset, origin: RunOrigin, board: Board) -> None:
    """Write what the run is made of."""
    before = known_origin(folder)
    if before is None or before.fingerprint != origin.fingerprint:
        board.forget()
    write_origin(folder, origin)
    tokenizer_file.write(folder, dataset)
    board.begin()


def _made(spec: RunSpec, folder: Path, dataset: Dataset, callbacks: Callbacks, slot: Slot, kept: Kept) -> RunResult:
    """Train the run, leave its weights in its folder and evaluate it; return its result."""
    result = begun(spec, dataset)
    try:
        with kept.serving(spec.config.model, dataset, spec.config.training):
            model, outcome = train(spec.config.model, dataset, spec.config.training, spec.seed, callbacks, slot, kept.compiled)
            result = replace(result, **asdict(outcome), weights=weights_file.write(folder / store.WEIGHTS, model))
            return with_evaluation(spec, folder, dataset, model, result)
    except (LostError, StorageError):
        raise
    except Exception as error:
        return replace(result, **failure(error))


def _ended(spec: RunSpec, folder: Path, result: RunResult, board: Board, lock: Lock, shown: Shown) -> RunResult:
    """Write the result, then remove what only an unfinished run needs; return the result."""
    lock.check()
    board.end(result)
    result = replace(result, **store.digests(folder))
    store.write_result(folder, result)
    going_on.prune(spec, folder, result)
    if seed_means.due(folder.parent):
        seed_means.write(folder.parent)
    shown.end(result)
    return result


def snapshots(config: TrainingConfig, dataset: Dataset, folder: Path) -> list[keras.callbacks.Callback]:
    """Return the callback that takes snapshots of the model, where the config wants them."""
    if not config.inspect:
        return []
    batch, texts = first_batch(dataset)
    return [Inspect(folder, *batch, every_epochs=config.inspect.every_epochs, tokens=texts)]


class Owned(keras.callbacks.Callback):
    """Raises LostError where another process has taken the run over, before the callbacks after it write anything."""

    several = True

    def __init__(self, lock: Lock):
        super().__init__()
        self._lock, self._next = lock, 0.0

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Check the lease as often as its owner renews it, and after every sleep."""
        if time.monotonic() >= self._next:
            self.on_epoch_end(0)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Check the lease."""
        self._lock.check()
        self._next = time.monotonic() + self._lock.beat
