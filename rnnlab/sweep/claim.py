"""How a process claims a run: it makes the run, or another process does."""

from functools import cache, cached_property
from typing import TYPE_CHECKING

from rnnlab import files
from rnnlab.data.build_dataset import build
from rnnlab.progress.base import Display
from rnnlab.storage import store
from rnnlab.storage.lease import Lock, LostError
from rnnlab.sweep.job import Job, JobResult
from rnnlab.sweep.standing import kept

if TYPE_CHECKING:
    from rnnlab.training.kept import Kept


class Turns:
    """The claims of one process, which keeps its data sets, its last compiled model and what it saw of the owners of runs."""

    def __init__(self) -> None:
        self.dataset = cache(build)
        self._lock = cache(Lock)

    @cached_property
    def models(self) -> "Kept":
        """The compiled model of the last run; to be closed after the last one."""
        from rnnlab.training.kept import Kept

        return Kept()

    def take(self, job: Job, progress: Display) -> JobResult:
        """Return the run's result, made now or meanwhile by another process, or the process that is making it."""
        files.make(job.folder)
        lock = self._lock(job.folder)
        try:
            if not lock.take():
                return JobResult(None, owner=lock.told)
            with lock:
                return self._elsewhere(job, progress) or self._make(job, progress, lock)
        except LostError as lost:
            progress.say(str(lost))
            return JobResult(None, owner=lock.told)

    def _elsewhere(self, job: Job, progress: Display) -> JobResult | None:
        """The result that another process has made since the sweep began."""
        result = kept(job.spec, job.folder, self.dataset(job.spec.config.data))
        if not result or result == job.before:
            return None
        progress.elsewhere(job.spec)
        return JobResult(result)

    def _make(self, job: Job, progress: Display, lock: Lock) -> JobResult:
        from rnnlab.sweep.execute import execute

        record = store.read_run(job.folder)
        for name in record.damaged:
            what = f"of another run ({record.misplaced})" if record.misplaced else "damaged"
            progress.say(f"{job.folder / name} is {what}; the run is made again from its last whole state")
        dataset = self.dataset(job.spec.config.data)
        result = execute(job.spec, job.folder, dataset, progress, lock, job.lost, self.models, job.began)
        return JobResult(result, made=True)
