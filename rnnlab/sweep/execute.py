"""One run into its folder: record where it is made, train or go on training, write how it ended."""

import time
from dataclasses import asdict
from pathlib import Path
from traceback import format_exc
from typing import Any

import keras

from rnnlab import files
from rnnlab.config import RunSpec
from rnnlab.data.dataset import Dataset
from rnnlab.errors import StorageError
from rnnlab.inspection.evaluation import judge
from rnnlab.inspection.inspect_callback import Inspect
from rnnlab.inspection.snapshot import first_batch
from rnnlab.progress.base import Display, watch
from rnnlab.storage import store, tokenizer_file
from rnnlab.storage.lease import Lock, LostError
from rnnlab.sweep.origin import made, retried, who, write_origin
from rnnlab.sweep.provenance import provenance
from rnnlab.tensorboard import seed_means
from rnnlab.tensorboard.run_board import Board
from rnnlab.training.callbacks import EventLog
from rnnlab.training.checkpoint import Slot
from rnnlab.training.cleanup import released
from rnnlab.training.threads import use
from rnnlab.training.train import Outcome, train
from rnnlab.training.training_config import TrainingConfig, monitored

MAKERS = ("versions", "code", "backend", "numbers")
"""What makes a state one of this run beside config and data: another maker may reach other bits."""


def execute(spec: RunSpec, folder: Path, dataset: Dataset, progress: Display, lock: Lock, lost: str = "") -> dict[str, Any]:
    """Make a run, from where it was killed on if its state is in `folder`; return its result, which is then there too.

    An exception is a result. A state counts where the same code and libraries made it from the same config and data. The
    caller has taken the `lock` of the folder, and says why the last try was `lost`, if it was. Raises LostError where another
    process took the run over, and StorageError where the disk is full or refuses: neither is a result, and the run goes on
    later from its last state.
    """
    use(spec.config.training.threads)
    where = provenance() | {"retried": retried(spec, folder, lost)}
    store.inside(folder.parent.parent, files.make(folder))  # links may have come since the sweep began
    for place in (folder, folder / store.CHECKPOINT):
        files.remove_partial(place)
    learnt = {"fingerprint": spec.training_fingerprint, "data": dataset.sha256}
    slot = Slot(folder / store.CHECKPOINT / "state", {**learnt, "by": [where[name] for name in MAKERS]})
    shown = progress.begin(spec, dataset.task.unit)
    for path in slot.damaged:
        progress.say(f"{path} is damaged and not used")
    if slot.state is None:
        if slot.path.exists() and not slot.damaged and not (folder / store.RESULT).exists():
            progress.say(f"{slot.path} is of another config, data, code or versions; the run begins anew")
        store.clear(folder)
    files.remove(folder / store.RESULT)
    files.remove(folder / store.CALIBRATION)
    write_origin(spec, folder, dataset, where)
    tokenizer_file.write(folder, dataset)
    monitor, mode = monitored(spec.config.training, dataset.task.kind)
    result: dict[str, Any] = {**who(spec), **made(spec, dataset), "trained": spec.training_fingerprint}
    result |= {"monitor": monitor, "mode": mode}
    board = Board(spec, folder, dataset)
    board.begin()
    callbacks = [Owned(lock), EventLog(folder / store.EVENTS), board]
    callbacks.append(watch(shown, dataset.train.count))
    callbacks.append(looks(spec.config.training, dataset, folder / store.INSPECTION))
    try:
        with released():
            model, outcome = train(spec.config.model, dataset, spec.config.training, spec.seed, callbacks, slot)
            result |= asdict(outcome) | {"traceback": None}
            result["metrics"] |= _judge(spec, folder, dataset, model, outcome)
    except (LostError, StorageError):
        raise
    except Exception as error:
        told = f"{type(error).__name__}: {error}".splitlines()[0]
        result |= {"status": "failed", "metrics": {}, "error": told, "traceback": format_exc()}
    lock.check()
    board.end(result)
    result |= store.digests(folder)
    store.write_result(folder, result)
    seed_means.write(folder.parent)
    shown.end(result)
    return result


def _judge(spec: RunSpec, folder: Path, dataset: Dataset, model: keras.Model, outcome: Outcome) -> dict[str, float]:
    """Leave the calibration of a trained model in its folder, where the config asks for it; return its figures."""
    if outcome.status != "done" or spec.config.evaluation.montecarlo is None:
        return {}
    found = judge(model, dataset, spec.config.evaluation, spec.seed, outcome.metrics)
    store.write_calibration(folder, found.calibration)
    return found.metrics


def looks(config: TrainingConfig, dataset: Dataset, folder: Path) -> keras.callbacks.Callback:
    """Return the callback that looks inside as the config says, or one that does nothing."""
    if not config.inspect:
        return keras.callbacks.Callback()  # so that a state has as many callbacks with it as without it
    batch, texts = first_batch(dataset)
    return Inspect(folder, *batch, every_epochs=config.inspect.every_epochs, tokens=texts)


class Owned(keras.callbacks.Callback):
    """Raises LostError where another process has taken the run over, before the callbacks after it write anything."""

    def __init__(self, lock: Lock):
        super().__init__()
        self._lock, self._next = lock, 0.0

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Look as often as the owner gives signs of life, and after every sleep."""
        if time.monotonic() >= self._next:
            self.on_epoch_end(0)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Look."""
        self._lock.check()
        self._next = time.monotonic() + self._lock.beat
