"""All runs of an experiment: the missing ones are made, the finished ones are kept."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rnnlab import files
from rnnlab.config import Experiment, RunSpec
from rnnlab.data.build import build
from rnnlab.data.dataset import Dataset
from rnnlab.runs import store
from rnnlab.runs.lock import Lock, LostError
from rnnlab.runs.progress import Lines, display


@dataclass(frozen=True)
class Sweep:
    """What came of all runs of an experiment."""

    folder: Path
    """The experiment's folder."""
    made: int
    """Runs made now; the others had a result already."""
    statuses: Counter[str]
    """How many runs ended as done, diverged, failed."""

    @property
    def exit_status(self) -> int:
        """0 where every run is done, 1 where one diverged or failed."""
        return int(self.statuses.total() > self.statuses["done"])


def run(
    experiment: Experiment,
    runs_dir: str | Path = "runs",
    retry_failed: bool = False,
    show: Callable[[int, int], Lines] = display,
) -> Sweep:
    """Make every run of an experiment that has no result yet, one after the other: all variants with seed 1, then seed 2, ...

    A result counts where it is whole and was made from the same config, data and schema; otherwise the run is made again. A
    run that fails is a result too, which `retry_failed` does not count, and the others go on. After Ctrl-C, a crash or a kill
    the same call makes the rest. Two calls at once share the runs and both end when all are made. `show(runs, epochs)` returns
    the display. Raises UserError before anything heavy is loaded where the folder cannot be written.
    """
    folder = files.make(Path(runs_dir) / experiment.name)
    files.remove_partial(folder, older=3600)
    store.write_experiment(folder, experiment.document)
    dataset = cache(build)
    places = {spec: store.run_folder(folder, spec.variant, spec.seed) for spec in experiment.runs()}
    results = {spec: kept(spec, place, dataset(spec.config.data), retry_failed) for spec, place in places.items()}
    missing = [spec for spec, result in results.items() if result is None]
    with show(len(missing), sum(spec.config.training.epochs for spec in missing)) as progress:
        turns = [Turn(spec, places[spec], dataset(spec.config.data)) for spec in missing]
        waiting = turns
        while waiting:
            results |= {turn.spec: turn.take(progress) for turn in waiting}
            waiting = _wait([turn for turn in waiting if not results[turn.spec]], progress, len(waiting))
    return Sweep(folder, sum(turn.made for turn in turns), Counter(result["status"] for result in results.values() if result))


def _wait(waiting: list["Turn"], progress: Lines, before: int) -> list["Turn"]:
    """Wait a moment where other processes have all that is left."""
    if waiting and len(waiting) == before:
        for turn in waiting:
            turn.tell(progress)
        time.sleep(1)
    return waiting


def kept(spec: RunSpec, folder: Path, dataset: Dataset, retry_failed: bool = False) -> dict[str, Any] | None:
    """Return the result that a run has already, or None where it has to be made."""
    record = store.read_run(folder)
    result = record.result
    if not result or record.damaged or (result.get("fingerprint"), result.get("data")) != (spec.fingerprint, dataset.sha256):
        return None
    return None if retry_failed and result["status"] == "failed" else result


class Turn:
    """One process's part in a run that has to be made: it makes the run, or another process does."""

    def __init__(self, spec: RunSpec, folder: Path, dataset: Dataset):
        self.spec, self.folder, self.dataset = spec, folder, dataset
        self.made = False
        """Whether it was this process that made the run."""
        self._before = store.read_run(folder).result
        self._lock, self._told = Lock(folder), ""

    def take(self, progress: Lines) -> dict[str, Any] | None:
        """Return the run's result, made now or by another process meanwhile; None while another one makes it."""
        files.make(self.folder)
        try:
            if not self._lock.take():
                return None
            with self._lock:
                return self._elsewhere(progress) or self._make(progress)
        except LostError as lost:
            progress.say(str(lost))
            return None

    def tell(self, progress: Lines) -> None:
        """Say once for whom this process waits."""
        if self._lock.told != self._told:
            self._told = self._lock.told
            progress.say(f"waits for {self.spec.variant} seed {self.spec.seed}, made by {self._told}")

    def _elsewhere(self, progress: Lines) -> dict[str, Any] | None:
        """The result that another process has made since this one looked."""
        result = kept(self.spec, self.folder, self.dataset)
        if not result or result == self._before:
            return None
        progress.elsewhere(self.spec)
        return result

    def _make(self, progress: Lines) -> dict[str, Any]:
        from rnnlab.runs.execute import execute

        self.made = True
        for name in store.read_run(self.folder).damaged:
            progress.say(f"{self.folder / name} is damaged; the run is made again from its last whole state")
        result = execute(self.spec, self.folder, self.dataset, progress, self._lock)
        progress.end(result)
        return result
