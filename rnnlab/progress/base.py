"""The events of runs while they are made, and what every display counts."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from rnnlab.config import RunSpec
from rnnlab.storage.run_result import RunResult

if TYPE_CHECKING:
    import keras


class Shown(Protocol):
    """The events of one run, wherever it is made."""

    def begin_epoch(self, epoch: int) -> None:
        """An epoch begins, counted from 0; the first one of a resumed run is not its first."""

    def batch(self, share: float) -> None:
        """A batch is done, and with it so much of the epoch."""

    def end_epoch(self, logs: Mapping[str, float]) -> None:
        """An epoch is done."""

    def end(self, result: RunResult) -> None:
        """The run has ended; the epochs that it did not need are not owed."""


class Display(Protocol):
    """The events of all runs, wherever they are made."""

    def say(self, text: str) -> None:
        """Show a line that stays."""

    def begin(self, spec: RunSpec, unit: str) -> Shown:
        """A run begins, whose speed is counted in such units."""

    def elsewhere(self, spec: RunSpec) -> None:
        """Another process has made a run, which is not owed any more."""


class Counted:
    """One run as every display counts it: the epochs that this try has done, in parts."""

    def __init__(self, spec: RunSpec, unit: str, number: int):
        self.spec, self.unit, self.number = spec, unit, number
        self.first, self.epoch, self.done = 0, 0, 0.0

    def parts(self, logs: Mapping[str, float]) -> dict[str, str]:
        """Return what is shown of an epoch: its number, the monitored metric in training and validation, throughput."""
        training = self.spec.config.training
        metric = training.monitor.removeprefix("val_")
        told = {"epoch": f"epoch {self.epoch}/{training.epochs}"}
        for part, name in (("training", metric), ("validation", f"val_{metric}")):
            if name in logs:
                told[part] = f"{name} {logs[name]:.4g}"
        if "throughput" in logs:
            told["throughput"] = f"{logs['throughput']:,.0f} {self.unit}/s"
        return told


class Clock:
    """The epochs done of all runs, and the time that the others will take."""

    def __init__(self, runs: int, epochs: int):
        self.runs, self.epochs = runs, epochs
        """Runs and epochs in all."""
        self.shown: dict[RunSpec, Any] = {}
        self.before = 0.0
        """Epochs done by tries that were cut off, beside those of the runs shown."""
        self.start = time.monotonic()

    def elsewhere(self, spec: RunSpec) -> None:
        """Another process has made a run, which is not owed any more."""
        self.runs -= 1
        self.epochs -= spec.config.training.epochs

    @property
    def done(self) -> float:
        """Epochs that are done, counted in parts."""
        return self.before + sum(run.done for run in self.shown.values())

    @property
    def left(self) -> str:
        """The remaining time of all runs: the epochs left take what those done took on average."""
        if not self.done:
            return "?"
        owed = max(0.0, self.epochs - self.done)  # what a try was cut off in is done twice
        return duration((time.monotonic() - self.start) / self.done * owed)


def watch(shown: Shown, batches: int) -> "keras.callbacks.Callback":
    """Return the callback that shows the progress of a run with this many batches per epoch."""
    import keras

    watching = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: shown.begin_epoch(epoch),
        on_train_batch_end=lambda batch, logs: shown.batch((batch + 1) / batches),
        on_epoch_end=lambda epoch, logs: shown.end_epoch(logs),
    )
    watching.several = True
    return watching


def duration(seconds: float) -> str:
    """Return seconds as people write them.

    >>> duration(75), duration(3661)
    ('1:15', '1:01:01')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
