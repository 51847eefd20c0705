"""One process's part in the runs that have to be made: it makes one, or another process does."""

from functools import cache
from pathlib import Path
from typing import Any

from rnnlab import files
from rnnlab.config import RunSpec
from rnnlab.data.build_dataset import build
from rnnlab.data.dataset import Dataset
from rnnlab.progress.base import Display
from rnnlab.storage import store
from rnnlab.storage.lease import Lock, LostError
from rnnlab.sweep.job import Answer, Job


def kept(spec: RunSpec, folder: Path, dataset: Dataset, retry_failed: bool = False) -> dict[str, Any] | None:
    """Return the result that a run has already, or None where it has to be made."""
    record = store.read_run(folder)
    result = record.result
    if not result or record.damaged or (result.get("fingerprint"), result.get("data")) != (spec.fingerprint, dataset.sha256):
        return None
    return None if retry_failed and result["status"] == "failed" else result


class Turns:
    """The turns of one process, which keeps its data sets and what it saw of the owners of runs."""

    def __init__(self) -> None:
        self.dataset = cache(build)
        self._lock = cache(Lock)

    def take(self, job: Job, progress: Display) -> Answer:
        """Return the run's result, made now or by another process meanwhile, or who is making it."""
        files.make(job.folder)
        lock = self._lock(job.folder)
        try:
            if not lock.take():
                return Answer(None, owner=lock.told)
            with lock:
                return self._elsewhere(job, progress) or self._make(job, progress, lock)
        except LostError as lost:
            progress.say(str(lost))
            return Answer(None, owner=lock.told)

    def _elsewhere(self, job: Job, progress: Display) -> Answer | None:
        """The result that another process has made since the sweep began."""
        result = kept(job.spec, job.folder, self.dataset(job.spec.config.data))
        if not result or result == job.before:
            return None
        progress.elsewhere(job.spec)
        return Answer(result)

    def _make(self, job: Job, progress: Display, lock: Lock) -> Answer:
        from rnnlab.sweep.execute import execute

        for name in store.read_run(job.folder).damaged:
            progress.say(f"{job.folder / name} is damaged; the run is made again from its last whole state")
        dataset = self.dataset(job.spec.config.data)
        return Answer(execute(job.spec, job.folder, dataset, progress, lock, job.lost), made=True)
