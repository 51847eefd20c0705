"""The epochs of a run by its compiled steps, as `model.fit` and `model.evaluate` would run them, several steps at a time."""

import time

import keras

from rnnlab.data.keras_adapter import Feed
from rnnlab.training.program import Program, room, stacked

SECONDS = 0.1
"""Seconds that one call of the program may take: a due checkpoint, Ctrl-C and the progress bar wait so long."""
FOR_BATCHES = [f"on_{kind}batch_{end}" for kind in ("", "train_", "test_") for end in ("begin", "end")]


class Loop:
    """Trains and evaluates a model by a program; callbacks are told what `model.fit` would tell them.

    One that asks for batches is told of every batch, unless it says by an attribute `several = True` that the last one of
    those that are run at once will do.
    """

    def __init__(self, model: keras.Model, program: Program, callbacks: keras.callbacks.CallbackList):
        self.model, self._program, self._callbacks = model, program, callbacks
        self._several = not any(_asks(callback) for callback in callbacks.callbacks)
        self._seconds = {True: float("inf"), False: float("inf")}
        """How long a step of training, and one of evaluation, took the last time."""

    def train(self, feed: Feed, validation: Feed, first: int, last: int) -> None:
        """Train from one epoch on until the one before `last`, or until a callback stops it."""
        self.model.stop_training = False
        for epoch in range(first, last):
            self.model.reset_metrics()  # before the callbacks, one of which may put back those of a killed run
            self._callbacks.on_epoch_begin(epoch)
            logs = self._pass(feed, training=True)
            logs |= {f"val_{name}": value for name, value in self.evaluate(validation).items()}
            self._callbacks.on_epoch_end(epoch, logs)
            if self.model.stop_training:
                break

    def evaluate(self, feed: Feed) -> dict[str, float]:
        """Return the metrics of a split."""
        self._callbacks.on_test_begin()
        self.model.reset_metrics()
        logs = self._pass(feed, training=False)
        self._callbacks.on_test_end(logs)
        return logs

    def _pass(self, feed: Feed, training: bool) -> dict[str, float]:
        """Go once over a split; return the metrics."""
        kind, done, logs = "train" if training else "test", 0, dict[str, float]()
        begin, end = (getattr(self._callbacks, f"on_{kind}_batch_{name}") for name in ("begin", "end"))
        while done < len(feed) and not (training and self.model.stop_training):
            begin(done)
            made, logs = self._run(feed, done, training)
            done += made
            end(done - 1, logs)
        return dict(logs)

    def _run(self, feed: Feed, done: int, training: bool) -> tuple[int, dict[str, float]]:
        size = room(feed)
        count = max(1, min(size, int(SECONDS / self._seconds[training]))) if self._several else 1
        batches = [feed[number] for number in range(done, min(done + count, len(feed)))]
        start = time.perf_counter()
        made, logs = self._program.run(stacked(batches, size), len(batches), training)
        self._seconds[training] = (time.perf_counter() - start) / made
        return made, logs


def _asks(callback: keras.callbacks.Callback) -> bool:
    """Whether a callback asks for every batch."""
    plain = keras.callbacks.Callback
    own = (name in vars(callback) or getattr(type(callback), name) is not getattr(plain, name) for name in FOR_BATCHES)
    return not getattr(callback, "several", False) and any(own)
