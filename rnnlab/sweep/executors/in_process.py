"""Runs made one after the other, in this process."""

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Self

from rnnlab.progress.base import Display
from rnnlab.sweep.claim import Turns
from rnnlab.sweep.job import Job, JobResult


class InProcess:
    """Makes every run here."""

    def __init__(self) -> None:
        self._turns = Turns()

    def make(self, jobs: Sequence[Job], progress: Display) -> Iterator[tuple[Job, JobResult]]:
        """Yield every job with its answer, variant by variant."""
        variants = list(dict.fromkeys(job.spec.variant for job in jobs))
        for job in sorted(jobs, key=lambda job: variants.index(job.spec.variant)):
            yield job, self._turns.take(job, progress)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Give back the compiled model of the last run."""
        self._turns.models.close()
