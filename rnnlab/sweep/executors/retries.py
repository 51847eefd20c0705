"""Runs whose process was lost: tried again, and in the end recorded as failed like any other."""

from collections import Counter
from dataclasses import replace

from rnnlab import files
from rnnlab.data.build_dataset import build
from rnnlab.progress.base import Display
from rnnlab.storage import store
from rnnlab.storage.lease import Lock
from rnnlab.storage.run_origin import write_origin
from rnnlab.sweep.job import Job, JobResult
from rnnlab.sweep.origin import begun, origin_of
from rnnlab.sweep.provenance import provenance


class Losses:
    """How often each run was lost."""

    def __init__(self, retries: int):
        self.retries = retries
        self._counts: Counter[Job] = Counter()

    def count(self, job: Job, reason: str, trace: str, progress: Display) -> JobResult | Job:
        """Note that a run was lost for a reason; return the job to be tried again, or how it ended."""
        self._counts[job] += 1
        times = self._counts[job]
        if times <= self.retries:
            name = f"{job.spec.variant} seed {job.spec.seed}"
            progress.say(f"{name}: {reason}; tried again from its last checkpoint ({times} of {self.retries})")
            return replace(job, lost=reason)
        return failed(job, f"{reason}, {times} times" if times > 1 else reason, trace, progress)


def failed(job: Job, error: str, trace: str, progress: Display) -> JobResult:
    """Write the failure into the folder of the run, unless another process has the run by now."""
    dataset, lock = build(job.spec.config.data), Lock(store.inside(job.folder.parents[1], files.make(job.folder)))
    if not lock.take():
        return JobResult(None, owner=lock.told)
    with lock:
        if not (job.folder / store.RUN).exists():
            write_origin(job.folder, origin_of(job.spec, dataset, provenance()))
        result = replace(begun(job.spec, dataset), error=error, traceback=trace, **store.digests(job.folder))
        store.write_result(job.folder, result)
    progress.begin(job.spec, dataset.task.unit).end(result)
    return JobResult(result, made=True)
