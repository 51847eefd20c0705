"""Runs made on a cluster by Ray, which finds room for them and tells when a machine is lost."""

import os
import secrets
import socket
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rnnlab import compat
from rnnlab.config.executor_config import RayConfig
from rnnlab.errors import UserError
from rnnlab.progress.base import Display
from rnnlab.sweep.executors import ray_tasks
from rnnlab.sweep.executors.protocol import Heard
from rnnlab.sweep.executors.retries import Losses
from rnnlab.sweep.job import Job, JobResult

if TYPE_CHECKING:
    from ray import ObjectRef

POLL = 0.2
"""Seconds between two polls of the runs."""


class Ray:
    """Every run is a task of Ray, which starts it where there is room and keeps its processes for the next one."""

    def __init__(self, config: RayConfig):
        self.config = config
        self._losses = Losses(config.retries)
        self._running: dict[ObjectRef, Heard] = {}
        self._heard: dict[str, Heard] = {}
        """The run and the messages of each task, by its key."""
        self._token: Path | None = None

    def make(self, jobs: Sequence[Job], progress: Display) -> Iterator[tuple[Job, JobResult]]:
        """Yield every job with its answer, as the answers come."""
        for job in jobs:
            self._submit(job, progress)
        while self._running:
            ended, _ = self._ray.wait(list(self._running), timeout=POLL)
            for message in self._ray.get(self._told.take.remote()):
                key, *rest = message
                self._heard[key].hear(*rest)
            for task in ended:
                heard = self._running.pop(task)
                answer = self._answer(task, heard, progress)
                if isinstance(answer, Job):
                    self._submit(answer, progress)
                elif answer:
                    yield heard.job, answer

    def _submit(self, job: Job, progress: Display) -> None:
        """Hand a run to Ray."""
        threads, key = job.spec.config.training.threads, secrets.token_hex(8)
        options = {"num_cpus": self.config.cpus or threads, "num_gpus": self.config.gpus, "max_retries": 0}
        environment = {"env_vars": ray_tasks.environment(threads)}
        there = replace(job, folder=job.folder.resolve())
        self._token = self._token or _token(there.folder.parents[1])
        where = {"token": str(self._token), "cwd": os.getcwd(), "command": sys.argv}
        task = self._task.options(**options, runtime_env=environment).remote(self._told, key, there.document(), where)
        self._running[task] = self._heard[key] = Heard(job, progress)

    def _answer(self, task: "ObjectRef", heard: Heard, progress: Display) -> JobResult | Job | None:
        """Return the answer of a task that has ended, or its job, where it was lost and is to be tried again."""
        try:
            return heard.hear(*self._ray.get(task))
        except self._ray.exceptions.RayTaskError as error:
            raise RuntimeError(str(error)) from None
        except self._ray.exceptions.RayError as error:
            how = f"its worker or machine was lost ({type(error).__name__})"
            return self._losses.count(heard.job, how, str(error), progress)

    def __enter__(self) -> Self:
        try:
            import ray
        except ImportError:
            raise UserError("executor.name=ray needs Ray: pip install 'rnnlab[ray]'") from None
        try:
            _ask(self.config.address)
            ray.init(self.config.address, log_to_driver=False, logging_level="error")
        except (OSError, ValueError, RuntimeError) as error:
            told = str(error).strip().splitlines()[0]
            raise UserError(f"executor.address: no Ray cluster answers at {self.config.address!r}: {told}") from None
        self._ray, self._task, self._told = ray, ray.remote(ray_tasks.make), ray_tasks.told(ray)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the tasks, which belong to this process, and leave the cluster."""
        if self._token:
            self._token.unlink(missing_ok=True)
        for task in self._running:
            self._ray.cancel(task, force=True)
        self._ray.shutdown()


def _ask(address: str) -> None:
    """Raise OSError where nobody listens at an address; Ray itself would keep asking for minutes."""
    if address == "auto":
        address = compat.ray_address(address)
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()


def _token(experiment: Path) -> Path:
    """A file that every machine finds that sees the storage of the results."""
    token = experiment / f".token-{secrets.token_hex(8)}"
    token.write_text("a machine that finds this file sees the storage of the results\n", encoding="utf-8")
    return token
