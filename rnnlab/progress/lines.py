"""The display where the output is not a terminal: plain lines."""

import os
import sys
from collections.abc import Mapping
from typing import Self

from rnnlab.config import RunSpec
from rnnlab.progress.base import Clock, Counted
from rnnlab.storage.run_result import RunResult


class RunLine(Counted):
    """One run: a line at the end of every epoch, and one if the run diverges or fails."""

    def __init__(self, display: "Lines", spec: RunSpec, unit: str, number: int):
        super().__init__(spec, unit, number)
        self.display = display

    def begin_epoch(self, epoch: int) -> None:
        """Show where a run resumes."""
        if epoch > self.epoch:
            self.first = epoch
            self.display.say(f"{self.title}  goes on in epoch {epoch + 1}")
        self.epoch = epoch

    def batch(self, share: float) -> None:
        """Count a part of the epoch."""
        self.done = self.epoch - self.first + share

    def end_epoch(self, logs: Mapping[str, float]) -> None:
        """Show what the epoch came to."""
        self.epoch += 1
        self.display.show("  ".join([self.title, *self.parts(logs).values(), f"{self.display.left} left"]))

    def end(self, result: RunResult) -> None:
        """Tell what went wrong."""
        self.done = self.epoch - self.first
        self.display.epochs -= self.spec.config.training.epochs - self.done
        if result.status != "done":
            self.display.say(f"{self.title}  {result.status}: {result.error}")

    @property
    def title(self) -> str:
        """Which run it is."""
        return f"[{self.number}/{self.display.runs}] {self.spec.experiment} {self.spec.variant} seed {self.spec.seed}"


class Lines(Clock):
    """All runs as lines, those made at the same time one between the other."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing was changed that has to be put back."""

    def say(self, text: str) -> None:
        """Show a line that stays; where nobody reads the output any more, as behind `head`, the runs go on in silence."""
        try:
            print(text, flush=True)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def show(self, text: str) -> None:
        """Show a line about an epoch."""
        self.say(text)

    def begin(self, spec: RunSpec, unit: str) -> RunLine:
        """A run begins, perhaps again."""
        cut_off = self.shown.get(spec)
        self.before += cut_off.done if cut_off else 0.0
        self.shown[spec] = self.line(spec, unit, cut_off.number if cut_off else len(self.shown) + 1)
        return self.shown[spec]

    def line(self, spec: RunSpec, unit: str, number: int) -> RunLine:
        """Return what shows one run."""
        return RunLine(self, spec, unit, number)
