"""Which run a process makes next: another seed of the variant that it has compiled, else of the one that would end last."""

from collections.abc import Sequence
from math import ceil

from rnnlab.storage.run_result import RunResult
from rnnlab.sweep.job import Job
from rnnlab.sweep.run_seconds import expected


class Order:
    """The runs that wait, and how long those of each variant have taken."""

    def __init__(self, jobs: Sequence[Job]):
        self._waiting: dict[str, list[Job]] = {}
        self._expected = {job.spec.variant: job.expected for job in jobs}
        self._taken: dict[str, list[float]] = {}
        for job in jobs:
            self._waiting.setdefault(job.spec.variant, []).append(job)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def next(self, last: str, elsewhere: Sequence[str] = ()) -> Job:
        """Take a run for a process whose `last` run was of this variant, while the others are at the variants `elsewhere`.

        Another variant is the one that would end last even with this process at it, so that no process is left alone with long
        runs at the end.
        """
        if last not in self._waiting:
            seconds = expected(self._expected, self._taken)
            rounds = {name: ceil(len(jobs) / (1 + elsewhere.count(name))) for name, jobs in self._waiting.items()}
            last = max(rounds, key=lambda name: rounds[name] * seconds[name])
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
            self._taken.setdefault(job.spec.variant, []).append(seconds)
