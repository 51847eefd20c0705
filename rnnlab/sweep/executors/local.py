"""Runs made in worker processes of this machine, each of which makes many; one that is killed takes only its own run along."""

from collections.abc import Iterator, Sequence
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from rnnlab.errors import UserError
from rnnlab.progress.base import Display
from rnnlab.sweep.executors.order import Order
from rnnlab.sweep.executors.protocol import Argument
from rnnlab.sweep.executors.retries import Losses
from rnnlab.sweep.executors.worker_process import Inbox, Process
from rnnlab.sweep.job import Job, JobResult

SHARED = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
"""The environment that lets several processes share the memory of one GPU."""


class Local:
    """Worker processes, started as they are needed and kept for the next run; each has one of the GPUs, if there are any."""

    def __init__(self, workers: int, retries: int, gpus: Sequence[str] = ()):
        self._slots: list[Process | None] = [None] * workers
        self._losses, self._gpus = Losses(retries), gpus
        self._inbox: Inbox = SimpleQueue()

    def make(self, jobs: Sequence[Job], progress: Display) -> Iterator[tuple[Job, JobResult]]:
        """Yield every job with its answer, as the answers come."""
        waiting = Order(jobs)
        while waiting or any(process and process.heard for process in self._slots):
            for slot, process in enumerate(self._slots):
                if waiting and not (process and process.heard):
                    job = waiting.next(process.variant if process else "", self._variants())
                    self._process(slot, job.spec.config.training.threads).give(job, progress)
            sender, name, argument = self._inbox.get()
            heard = sender.heard
            answer = self._gone(sender, progress) if name == "gone" else self._hear(sender, name, argument)
            if isinstance(answer, Job):
                waiting.put_back(answer)
            elif heard and answer:
                waiting.learn(heard.job, answer.result)
                yield heard.job, answer

    def _variants(self) -> list[str]:
        """The variants of the runs that are being made."""
        return [process.variant for process in self._slots if process and process.heard]

    def _process(self, slot: int, threads: int) -> Process:
        """The process of a free slot, a new one where it has another number of threads."""
        process = self._slots[slot]
        if process and process.threads == threads:
            return process
        if process:
            process.end()
        self._slots[slot] = process = Process(self._inbox, threads, self._device(slot))
        return process

    def _device(self, slot: int) -> dict[str, str]:
        if not self._gpus:
            return {}
        own = {"CUDA_VISIBLE_DEVICES": self._gpus[slot % len(self._gpus)]}
        return {**own, **(SHARED if len(self._slots) > len(self._gpus) else {})}

    def _hear(self, process: Process, name: str, argument: Argument) -> JobResult | None:
        if name == "ready":
            process.ready = True
        answer = process.heard.hear(name, argument) if process.heard and name != "ready" else None
        if answer:
            process.heard = None
        return answer

    def _gone(self, process: Process, progress: Display) -> JobResult | Job | None:
        """Return the run of a process that has ended, to be tried again, or how the run failed."""
        if process not in self._slots:  # it was ended on purpose
            return None
        self._slots[self._slots.index(process)] = None
        heard, how, said = process.heard, process.how, process.last_words
        process.heard = None
        if not process.ready and not process.killed:
            raise UserError(f"a worker process cannot start: {how}\n{said}")
        process.end()
        return self._losses.count(heard.job, how, said, progress) if heard else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End all processes."""
        for process in filter(None, self._slots):
            process.end()
