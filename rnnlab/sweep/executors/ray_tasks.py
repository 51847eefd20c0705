"""The code for the machines of a cluster: a run as a task of Ray, and an actor that keeps the messages of the runs."""

import os
import platform
import sys
import time
from functools import cache
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from rnnlab.documents import Record
from rnnlab.sweep.job import job_or_reason
from rnnlab.sweep.makers import ROUNDING, ROUNDING_ON
from rnnlab.training import freed_memory, threads

if TYPE_CHECKING:
    from ray.actor import ActorHandle

    from rnnlab.sweep.claim import Turns

OF_NUMBERS = (*ROUNDING, *chain(*ROUNDING_ON.values()))
HANDED_ON = ("KERAS_BACKEND", "RNNLAB_DATA", "RNNLAB_JAX_CACHE", "TF_CPP_MIN_LOG_LEVEL", *OF_NUMBERS)
"""Environment variables that a task takes over from the process that asks for it."""
PATIENCE = 10.0
"""Seconds that a network file system may take to show a file that another machine has written."""


class Mailbox:
    """Messages of the runs that have not been shown yet."""

    def __init__(self) -> None:
        self._messages: list[tuple[str, str, object]] = []

    def put(self, key: str, name: str, argument: object) -> None:
        """Keep a message."""
        self._messages.append((key, name, argument))

    def take(self) -> list[tuple[str, str, object]]:
        """Return the messages and forget them."""
        messages, self._messages = self._messages, []
        return messages


def told(ray: ModuleType) -> "ActorHandle":
    """Return the actor, on the machine that asks for the runs: it is lost only with that one."""
    here = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    return ray.remote(Mailbox).options(num_cpus=0, scheduling_strategy=here).remote()


def environment(count: int) -> dict[str, str]:
    """Return the environment of a task with this many threads; Ray gives each environment its own processes."""
    handed_on = {name: os.environ[name] for name in HANDED_ON if name in os.environ}
    return {**handed_on, **threads.environment(count), **freed_memory.environment(count)}


def make(told: "ActorHandle", key: str, document: Record, where: Record) -> tuple[str, object]:
    """Make a run on this machine; return the last message of it."""
    import ray

    if unseen := _unseen(Path(where["token"])):
        return "refused", unseen
    if Path(where["cwd"]).is_dir():
        os.chdir(where["cwd"])  # from which the paths of data are given
    sys.argv = where["command"]
    from rnnlab.sweep.executors.protocol import Sent

    last: list[tuple[str, object]] = []

    def send(name: str, argument: object) -> None:
        if name in ("answer", "unreadable", "storage", "refused", "bug"):
            last.append((name, argument))
        else:
            sent = told.put.remote(key, name, argument)
            if name != "batch":
                ray.get(sent)

    Sent(send).answer(job_or_reason(lambda: document), _turns())
    return last[0]


def _unseen(token: Path) -> str:
    """The problem with the storage of the results, seen from this machine; empty where there is none."""
    end = time.monotonic() + PATIENCE
    while not token.exists():
        if time.monotonic() > end:
            return (
                f"{platform.node()} does not see the storage of the results: {token.parent} has to be a folder that all "
                "machines of the cluster mount at the same path, and this one does not find there what was just written"
            )
        time.sleep(0.1)
    return ""


@cache
def _turns() -> "Turns":
    from rnnlab.sweep.claim import Turns

    return Turns()
