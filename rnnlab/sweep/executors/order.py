"""Which run a process makes next: another seed of the variant that it has compiled, else of the one that has most work left."""

from collections.abc import Collection, Sequence
from statistics import mean

from rnnlab.storage.run_result import RunResult
from rnnlab.sweep.job import Job


class Order:
    """The runs that wait, and how long those of each variant have taken."""

    def __init__(self, jobs: Sequence[Job]):
        self._waiting: dict[str, list[Job]] = {}
        self._seconds: dict[str, list[float]] = {}
        for job in jobs:
            self._waiting.setdefault(job.spec.variant, []).append(job)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def next(self, last: str, elsewhere: Collection[str] = ()) -> Job:
        """Take a run for a process whose `last` run was of this variant, while others are at the variants `elsewhere`.

        A variant that nobody has begun comes first, by the time that its runs are expected to take in all, so that no process
        is left alone with a long one at the end; one of unknown time takes longest.
        """
        if last not in self._waiting:
            last = max([name for name in self._waiting if name not in elsewhere] or self._waiting, key=self._left)
        jobs = self._waiting[last]
        job = jobs.pop(0)
        if not jobs:
            del self._waiting[last]
        return job

    def put_back(self, job: Job) -> None:
        """Let a run that was lost be the next one of its variant."""
        self._waiting.setdefault(job.spec.variant, []).insert(0, job)

    def learn(self, job: Job, result: RunResult | None) -> None:
        """Note how long a run has taken."""
        if result and (seconds := result.metrics.get("seconds")):
            self._seconds.setdefault(job.spec.variant, []).append(seconds)

    def _left(self, variant: str) -> float:
        taken = self._seconds.get(variant)
        return len(self._waiting[variant]) * mean(taken) if taken else float("inf")
