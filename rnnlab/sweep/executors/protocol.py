"""The progress of a run as messages from one process to another: a name and a plain argument, sent by one and replayed by
the other."""

import time
from collections.abc import Callable, Mapping
from traceback import format_exc
from typing import Any, Self, TypeAlias

from rnnlab.config import RunSpec
from rnnlab.errors import StorageError, UserError
from rnnlab.progress.base import Display, Shown
from rnnlab.storage.run_result import RunResult
from rnnlab.sweep.claim import Turns
from rnnlab.sweep.executors.retries import failed
from rnnlab.sweep.job import Job, JobResult, Unreadable

Argument: TypeAlias = Any
"""The argument of a message: plain values, by the message's name."""
PAUSE = 0.1
"""Seconds between two messages of progress inside an epoch."""


class Sent:
    """The display of a worker: every call becomes a message."""

    def __init__(self, send: Callable[[str, Argument], None]):
        self.send, self._last = send, 0.0

    def answer(self, job: Job | Unreadable, turns: Turns) -> None:
        """Make a run and send its result, or the reason why it cannot be made."""
        if isinstance(job, Unreadable):
            return self.send("unreadable", job)
        try:
            self.send("answer", turns.take(job, self).document())
        except UserError as error:
            self.send("storage" if isinstance(error, StorageError) else "refused", str(error))
        except Exception:
            self.send("bug", format_exc())

    def say(self, text: str) -> None:
        """A line that stays."""
        self.send("say", text)

    def begin(self, spec: RunSpec, unit: str) -> Self:
        """The run begins."""
        self.send("begin", unit)
        return self

    def elsewhere(self, spec: RunSpec) -> None:
        """Another process has made the run."""
        self.send("elsewhere", None)

    def begin_epoch(self, epoch: int) -> None:
        """An epoch begins."""
        self.send("begin_epoch", epoch)

    def batch(self, share: float) -> None:
        """A part of the epoch is done; only some of these messages are sent."""
        if share == 1 or time.monotonic() - self._last > PAUSE:
            self._last = time.monotonic()
            self.send("batch", share)

    def end_epoch(self, logs: Mapping[str, float]) -> None:
        """An epoch is done."""
        self.send("end_epoch", {name: float(value) for name, value in logs.items()})

    def end(self, result: RunResult) -> None:
        """The run has ended."""
        self.send("end", result.document())


class Heard:
    """Replays the messages of one run."""

    def __init__(self, job: Job, progress: Display):
        self.job, self._progress = job, progress
        self._shown: Shown | None = None

    def hear(self, name: str, argument: Argument) -> JobResult | None:
        """Replay a message; return the answer where it is one, and raise the error that it reports."""
        match name:
            case "answer":
                return JobResult.of(argument)
            case "unreadable":
                error, trace = argument
                return failed(self.job, error, trace, self._progress)
            case "storage" | "refused":
                raise (StorageError if name == "storage" else UserError)(argument)
            case "bug":
                raise RuntimeError(argument)
            case "say":
                self._progress.say(argument)
            case "begin":
                self._shown = self._progress.begin(self.job.spec, argument)
            case "elsewhere":
                self._progress.elsewhere(self.job.spec)
            case _:
                getattr(self._shown, name)(RunResult.of(argument) if name == "end" else argument)
        return None
