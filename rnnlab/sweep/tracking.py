"""Reports the runs of an experiment to its trackers, epoch by epoch, in a separate thread, so that trackers stop and slow
nothing."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import NamedTuple, Self

from rnnlab.config import Experiment, RunSpec
from rnnlab.config.paths import flatten
from rnnlab.documents import Fields
from rnnlab.progress.base import Display
from rnnlab.storage import store
from rnnlab.storage.run_result import RunResult
from rnnlab.sweep.followed import Followed
from rnnlab.sweep.told import Memory, Told, digest
from rnnlab.tensorboard.epoch_scalars import tagged
from rnnlab.trackers.tracker import Begun, Ended, Tracker, TrackerConfig, made
from rnnlab.training.epoch_record import EpochRecord

PATIENCE = 60.0
"""Seconds that a tracker may be silent once all runs have ended."""
HURRY = 2.0
"""Seconds that trackers have after Ctrl-C or an error."""


class News(NamedTuple):
    """An event for trackers: the end of an epoch or of a run, or a report."""

    spec: RunSpec | None
    result: RunResult | None = None
    report: Path | None = None


class Tracking:
    """The trackers of an experiment; what they receive is read from the folders of the runs."""

    def __init__(self, experiment: Experiment, folder: Path, say: Callable[[str], None]):
        self._folder, self._say, self._name = folder, say, experiment.name
        self._sections: list[TrackerConfig] = list(experiment.config.trackers)
        self._trackers: dict[str, Tracker] = {}
        self._live: set[tuple[str, RunSpec]] = set()
        """The runs that a tracker has begun or continued in this process."""
        self._memory = Memory(folder)
        self._news: SimpleQueue[News | None] = SimpleQueue()
        self._failed: SimpleQueue[str] = SimpleQueue()
        self._heard = time.monotonic()
        self._thread = Thread(target=self._tell_all, name="trackers", daemon=True) if self._sections else None

    def __enter__(self) -> Self:
        if self._thread:
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        """Wait until everything is sent; a tracker that does not answer is left, and told by the next call."""
        if not self._thread:
            return
        self._news.put(None)
        patience, begin = PATIENCE if kind is None else HURRY, time.monotonic()
        while self._thread.is_alive() and time.monotonic() - (self._heard if kind is None else begin) < patience:
            self._thread.join(0.2)
        if self._thread.is_alive():
            self._sections = []  # a tracker that answers later hears no more from this thread
            silent = f"a tracker has not answered for {patience:.0f} s and is abandoned"
            self._say(f"{silent if kind is None else 'a tracker has not received everything'}; the next command sends the rest")
        self._say_failures()

    def watching(self, display: Display) -> Display:
        """Return a display that also reports the end of every epoch to the trackers."""
        return Followed(display, lambda spec: self._put(News(spec))) if self._thread else display

    def run(self, spec: RunSpec, result: RunResult | None) -> None:
        """Report a run that has ended to every tracker that has not received its end."""
        if result:
            self._put(News(spec, result))

    def report(self, path: Path) -> None:
        """Give the report to all."""
        self._put(News(None, report=path))

    def _put(self, news: News) -> None:
        if self._thread:
            self._heard = time.monotonic()
            self._news.put(news)
            self._say_failures()

    def _say_failures(self) -> None:
        """Show what went wrong; this thread does it, since displays belong to it."""
        while not self._failed.empty():
            self._say(self._failed.get())

    def _tell_all(self) -> None:
        while news := self._news.get():
            for section in self._sections[:]:
                self._try(section, news)
                self._heard = time.monotonic()

    def _try(self, section: TrackerConfig, news: News) -> None:
        """Tell a tracker; one that fails is left out from then on, which is reported once."""
        try:
            if (key := _key(section)) not in self._trackers:
                self._trackers[key] = made(section)
            if news.report:
                self._trackers[key].report(self._name, news.report)
            elif news.spec:
                self._tell(key, news.spec, news.result)
        except BaseException as error:  # a library that exits would end this thread without a word
            told = (str(error).splitlines() or [""])[0][:300]
            self._failed.put(
                f"the tracker {section.name} failed and is left out, the runs continue: {type(error).__name__}: {told}"
            )
            self._sections = [one for one in self._sections if one is not section]

    def _tell(self, key: str, spec: RunSpec, result: RunResult | None) -> None:
        """Tell the epochs of a run that have not been told, and its end."""
        before, fingerprint = self._memory.of(key, spec), result.fingerprint if result else spec.fingerprint
        if result and before and (before.fingerprint, before.status) == (fingerprint, result.status):
            return
        epochs = store.read_run(store.run_folder(self._folder, spec.variant, spec.seed)).epochs
        if not result and before and (before.awaits(fingerprint, epochs) or before.ended(fingerprint, epochs)):
            return  # all are known there, from before a kill or by another process, which has waited for the run
        begun = _begun(spec, fingerprint)
        told = before if before and before.goes_on(fingerprint, epochs) else Told(fingerprint, "")
        if not told.known or (key, spec) not in self._live:
            told = self._at(
                told, self._trackers[key].begin(begun, told.known or None), f"the tracker {json.loads(key)['name']}", begun
            )
            self._live.add((key, spec))
            self._memory.keep(key, spec, told)
        self._tell_rest(key, spec, told, epochs, begun, result)

    def _at(self, told: Told, known: str, tracker: str, run: Begun) -> Told:
        """What a tracker has received of a run under its present name; nothing where the name is another one now."""
        if not told.known or told.known == known:
            return replace(told, known=known)
        self._failed.put(f"{tracker} no longer has {run.name} as {told.known}: everything is sent again, as {known}")
        return Told(told.fingerprint, known)

    def _tell_rest(
        self, key: str, spec: RunSpec, told: Told, epochs: list[EpochRecord], begun: Begun, result: RunResult | None
    ) -> None:
        """Send what a tracker has not received of a run, and remember what it has, even if sending fails half-way."""
        tracker, count, status = self._trackers[key], told.epochs, ""
        try:
            for epoch in epochs[count:]:
                tracker.epoch(told.known, epoch.epoch, _finite(tagged(epoch)))
                count += 1
            if result:
                place = store.run_folder(self._folder, spec.variant, spec.seed)
                tracker.end(told.known, begun, _ended(place, result, epochs))
                status = result.status
        finally:
            self._memory.keep(key, spec, replace(told, epochs=count, digest=digest(epochs[:count]), status=status))


def _key(section: TrackerConfig) -> str:
    return json.dumps(section.model_dump(), sort_keys=True)


def _begun(spec: RunSpec, fingerprint: str) -> Begun:
    parameters = flatten(spec.config.model_dump(exclude={"name", "plugins"}))
    return Begun(spec.experiment, spec.variant, spec.seed, fingerprint, parameters)


def _ended(place: Path, result: RunResult, epochs: list[EpochRecord]) -> Ended:
    weights = place / store.WEIGHTS
    whole = weights if weights.exists() and store.weights_whole(place, result) else None
    return Ended(result.status, result.error, len(epochs), _finite(result.metrics), whole)


def _finite(metrics: Fields) -> dict[str, float]:
    """The metrics that are finite numbers."""
    return {name: float(value) for name, value in metrics.items() if isinstance(value, int | float) and math.isfinite(value)}


def report(experiment: Experiment, folder: Path, path: Path, say: Callable[[str], None]) -> None:
    """Give the report of an experiment to its trackers."""
    with Tracking(experiment, folder, say) as tracking:
        tracking.report(path)
