"""What a person sees while runs are made: plain lines, or on a terminal the live display of live.py."""

import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from rnnlab.config import RunSpec
from rnnlab.data.dataset import Dataset

if TYPE_CHECKING:
    import keras


class Lines:
    """A line at the end of every epoch, and of every run that did not end well."""

    def __init__(self, runs: int, epochs: int):
        self.runs, self.run = runs, 0
        self.epochs, self.done = epochs, 0.0
        """Epochs of all runs, and those that are done, counted in parts."""
        self.start = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing was changed that has to be put back."""

    def say(self, text: str) -> None:
        """Show a line that stays."""
        print(text, flush=True)

    def begin(self, spec: RunSpec, dataset: Dataset) -> "keras.callbacks.Callback":
        """A run begins; return the callback that tells how it goes on."""
        import keras

        self.spec, self.unit, self.first, self.epoch = spec, dataset.task.unit, 0, 0
        self.run += 1
        self.before = self.done
        batches = len(dataset.train.order(spec.seed, 0))
        return keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, logs: self.begin_epoch(epoch),
            on_train_batch_end=lambda batch, logs: self.batch((batch + 1) / batches),
            on_epoch_end=lambda epoch, logs: self.end_epoch(logs),
        )

    def begin_epoch(self, epoch: int) -> None:
        """An epoch begins, counted from 0; the first one of a run that goes on is not its first."""
        if epoch > self.epoch:
            self.first = epoch
            self.say(f"{self.title}  goes on in epoch {epoch + 1}")
        self.epoch = epoch

    def batch(self, share: float) -> None:
        """A batch is done, and with it so much of the epoch."""
        self.done = self.before + self.epoch - self.first + share

    def end_epoch(self, logs: Mapping[str, float]) -> None:
        """An epoch is done."""
        self.epoch += 1
        self.say(f"{self.title}  {self.figures(logs)}  {self.left} left")

    def end(self, result: Mapping[str, Any]) -> None:
        """A run has ended; the epochs that it did not need are not owed."""
        self.done = self.before + self.epoch - self.first
        self.epochs -= self.spec.config.training.epochs - (self.epoch - self.first)
        if result["status"] != "done":
            self.say(f"{self.title}  {result['status']}: {result['error']}")

    def elsewhere(self, spec: RunSpec) -> None:
        """Another process has made a run, which is not owed any more."""
        self.runs -= 1
        self.epochs -= spec.config.training.epochs

    @property
    def title(self) -> str:
        """Which run it is."""
        return f"[{self.run}/{self.runs}] {self.spec.experiment} {self.spec.variant} seed {self.spec.seed}"

    def figures(self, logs: Mapping[str, float]) -> str:
        """Epoch, monitored figure in training and validation, speed."""
        training = self.spec.config.training
        figure = training.monitor.removeprefix("val_")
        shown = [f"{name} {logs[name]:.4g}" for name in (figure, f"val_{figure}") if name in logs]
        if "words_per_second" in logs:
            shown.append(f"{logs['words_per_second']:,.0f} {self.unit}/s")
        return "  ".join([f"epoch {self.epoch}/{training.epochs}", *shown])

    @property
    def left(self) -> str:
        """The remaining time of all runs: the epochs left take what those done took on average."""
        if not self.done:
            return "?"
        return duration((time.monotonic() - self.start) / self.done * (self.epochs - self.done))


def duration(seconds: float) -> str:
    """Return seconds as people write them.

    >>> duration(75), duration(3661)
    ('1:15', '1:01:01')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def display(runs: int, epochs: int) -> Lines:
    """Return the display that fits where the output goes."""
    if not sys.stdout.isatty():
        return Lines(runs, epochs)
    from rnnlab.runs.live import Live

    return Live(runs, epochs)
