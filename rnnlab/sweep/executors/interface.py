"""The interface of executors."""

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Protocol, Self

from rnnlab.progress.base import Display
from rnnlab.sweep.job import Job, JobResult


class Executor(Protocol):
    """Makes runs. Which one makes them changes no bit of a result."""

    def make(self, jobs: Sequence[Job], progress: Display) -> Iterator[tuple[Job, JobResult]]:
        """Yield every job with its answer, as the answers come.

        Raises UserError where no run can be made, StorageError where a disk is full or cannot be written.
        """

    def __enter__(self) -> Self:
        """Start nothing before it is needed."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End whatever was started; what is still being made is kept as far as its last checkpoint."""
