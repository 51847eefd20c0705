"""Callbacks that watch a run while it is fitted; each works in any `model.fit`."""

import math
import time
from pathlib import Path

import keras

from rnnlab import sealed
from rnnlab.documents import Record
from rnnlab.training.callback_state import Remembering
from rnnlab.training.epoch_record import EpochRecord
from rnnlab.training.norms import Norms


class Meter(keras.callbacks.Callback):
    """Adds learning rate, norms, seconds and speed to the logs of every epoch, for the callbacks after it.

    `gradient_norm` and `update_norm` are means over the steps of the epoch, where the optimizer measures them. Seconds are
    those of the whole epoch. The speed is that of training alone: validation and the first batch of all, in which the step is
    compiled, are left out.
    """

    several = True

    def __init__(self, words: float):
        super().__init__()
        self.words = words
        """Words (or examples) in a batch, on average over an epoch."""
        self._compiled = False

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start the clock."""
        self._begin = self._start = self._stop = time.perf_counter()
        self._first, self._batches = -1, 0

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Count the batches, the first one of all excepted."""
        self._stop = time.perf_counter()
        if not self._compiled:
            self._compiled, self._start, self._first = True, self._stop, batch
        self._batches = batch - self._first

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Put the metrics into the logs."""
        if logs is not None:
            logs["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
            if isinstance(self.model.optimizer, Norms):
                logs |= self.model.optimizer.take_norms(self.params["steps"])
            logs["seconds"] = time.perf_counter() - self._begin
            if self._batches:
                logs["throughput"] = self.words * self._batches / (self._stop - self._start)


class Divergence(Remembering, keras.callbacks.Callback):
    """Stops training at the first loss that is not a finite number and remembers where that was."""

    state_name = "divergence"
    remembered = ("epoch", "step", "loss")
    several = True
    epoch: int | None = None
    """The epoch in which training diverged, counted from 1; None while it has not."""
    step = 0
    """Batches trained so far."""
    loss = 0.0
    """The last loss seen."""
    _last = -1

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Check the mean loss so far."""
        self.step += batch - self._last
        self._last = batch
        self._check((logs or {}).get("loss", 0.0))

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Remember which epoch it is."""
        self._current, self._last = epoch + 1, -1

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Check the validation loss."""
        self._check((logs or {}).get("val_loss", 0.0))

    def _check(self, loss: float) -> None:
        if self.epoch is None:
            self.loss = loss
            if not math.isfinite(loss):
                self.epoch, self.model.stop_training = self._current, True


class EventLog(keras.callbacks.Callback):
    """Appends a line for every epoch to a file that checks itself; see `rnnlab.sealed`."""

    state_name = "events"

    def __init__(self, path: Path):
        super().__init__()
        self.path = path
        self.events: list[Record] = []

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Append the epoch's metrics."""
        self.events.append(EpochRecord.of_logs(epoch + 1, logs or {}).document())
        sealed.append(self.path, self.events[-1])

    def save_state(self) -> Record:
        """Return the lines so far."""
        return {"events": self.events}

    def load_state(self, state: Record) -> None:
        """Rewrite the file: the epochs after the restored one are trained again."""
        self.events = state["events"]
        sealed.write(self.path, self.events)
