"""What a person sees while runs are made: plain lines, or on a terminal the live display of live.py."""

import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, Self

from rnnlab.config import RunSpec

if TYPE_CHECKING:
    import keras


class Shown(Protocol):
    """What is told of one run, wherever it is made."""

    def begin_epoch(self, epoch: int) -> None:
        """An epoch begins, counted from 0; the first one of a run that goes on is not its first."""

    def batch(self, share: float) -> None:
        """A batch is done, and with it so much of the epoch."""

    def end_epoch(self, logs: Mapping[str, float]) -> None:
        """An epoch is done."""

    def end(self, result: Mapping[str, Any]) -> None:
        """The run has ended; the epochs that it did not need are not owed."""


class Display(Protocol):
    """What is told of all runs, wherever they are made."""

    def say(self, text: str) -> None:
        """Show a line that stays."""

    def begin(self, spec: RunSpec, unit: str) -> Shown:
        """A run begins, whose speed is counted in such units."""

    def elsewhere(self, spec: RunSpec) -> None:
        """Another process has made a run, which is not owed any more."""


class Line:
    """One run: a line at the end of every epoch, and where it did not end well."""

    def __init__(self, display: "Lines", spec: RunSpec, unit: str, number: int):
        self.display, self.spec, self.unit, self.number = display, spec, unit, number
        self.first, self.epoch, self.done = 0, 0, 0.0

    def begin_epoch(self, epoch: int) -> None:
        """Tell where a run goes on."""
        if epoch > self.epoch:
            self.first = epoch
            self.display.say(f"{self.title}  goes on in epoch {epoch + 1}")
        self.epoch = epoch

    def batch(self, share: float) -> None:
        """Count a part of the epoch."""
        self.done = self.epoch - self.first + share

    def end_epoch(self, logs: Mapping[str, float]) -> None:
        """Show the figures of the epoch."""
        self.epoch += 1
        self.display.say(f"{self.title}  {self.figures(logs)}  {self.display.left} left")

    def end(self, result: Mapping[str, Any]) -> None:
        """Tell what went wrong."""
        self.done = self.epoch - self.first
        self.display.epochs -= self.spec.config.training.epochs - self.done
        if result["status"] != "done":
            self.display.say(f"{self.title}  {result['status']}: {result['error']}")

    @property
    def title(self) -> str:
        """Which run it is."""
        return f"[{self.number}/{self.display.runs}] {self.spec.experiment} {self.spec.variant} seed {self.spec.seed}"

    def figures(self, logs: Mapping[str, float]) -> str:
        """Epoch, monitored figure in training and validation, speed."""
        training = self.spec.config.training
        figure = training.monitor.removeprefix("val_")
        shown = [f"{name} {logs[name]:.4g}" for name in (figure, f"val_{figure}") if name in logs]
        if "words_per_second" in logs:
            shown.append(f"{logs['words_per_second']:,.0f} {self.unit}/s")
        return "  ".join([f"epoch {self.epoch}/{training.epochs}", *shown])


class Lines:
    """All runs as lines, those made at the same time one between the other."""

    def __init__(self, runs: int, epochs: int):
        self.runs, self.epochs = runs, epochs
        """Runs and epochs in all."""
        self.shown: dict[RunSpec, Line] = {}
        self.before = 0.0
        """Epochs done by tries that were cut off, beside those of the runs shown."""
        self.start = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing was changed that has to be put back."""

    def say(self, text: str) -> None:
        """Show a line that stays."""
        print(text, flush=True)

    def begin(self, spec: RunSpec, unit: str) -> Line:
        """A run begins, perhaps again."""
        cut_off = self.shown.get(spec)
        self.before += cut_off.done if cut_off else 0.0
        self.shown[spec] = self.line(spec, unit, cut_off.number if cut_off else len(self.shown) + 1)
        return self.shown[spec]

    def line(self, spec: RunSpec, unit: str, number: int) -> Line:
        """Return what shows one run."""
        return Line(self, spec, unit, number)

    def elsewhere(self, spec: RunSpec) -> None:
        """Another process has made a run, which is not owed any more."""
        self.runs -= 1
        self.epochs -= spec.config.training.epochs

    @property
    def done(self) -> float:
        """Epochs that are done, counted in parts."""
        return self.before + sum(line.done for line in self.shown.values())

    @property
    def left(self) -> str:
        """The remaining time of all runs: the epochs left take what those done took on average."""
        if not self.done:
            return "?"
        owed = max(0.0, self.epochs - self.done)  # what a try was cut off in is done twice
        return duration((time.monotonic() - self.start) / self.done * owed)


def watch(shown: Shown, batches: int) -> "keras.callbacks.Callback":
    """Return the callback that tells how a run of so many batches an epoch goes on."""
    import keras

    return keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: shown.begin_epoch(epoch),
        on_train_batch_end=lambda batch, logs: shown.batch((batch + 1) / batches),
        on_epoch_end=lambda epoch, logs: shown.end_epoch(logs),
    )


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
    from rnnlab.progress.bars import Live

    return Live(runs, epochs)
