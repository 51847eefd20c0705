"""From an executor section to an executor."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rnnlab.config import RunSpec
from rnnlab.config.executor_config import ExecutorConfig, InProcessConfig, LocalConfig, RayConfig
from rnnlab.errors import UserError
from rnnlab.sweep.executors.in_process import InProcess
from rnnlab.sweep.executors.interface import Executor
from rnnlab.sweep.job import Job
from rnnlab.training.threads import prepare, use


def executor(config: ExecutorConfig, jobs: Sequence[Job]) -> Executor:
    """Return the executor of a config for these jobs; raise UserError where it cannot make them."""
    if isinstance(config, RayConfig):
        from rnnlab.sweep.executors.ray_cluster import Ray

        return Ray(config)
    specs = [job.spec for job in jobs]
    several = len({spec.config.training.threads for spec in specs}) > 1
    if isinstance(config, InProcessConfig) and several:
        raise UserError("variants differ in training.threads, which one process cannot; take executor.name=local")
    if isinstance(config, InProcessConfig):
        for spec in specs[:1]:
            prepare(spec.config.training.threads)
        return InProcess()
    number = workers(config, specs)
    alone = config.workers is None and number <= 1 and not several
    if alone and all(_holds(spec.config.training.threads) for spec in specs[:1]):
        return InProcess()
    from rnnlab.sweep.executors.local import Local

    return Local(max(1, number), config.retries, gpus())


def _holds(threads: int) -> bool:
    """Whether this process can use this many threads: a backend that has started, as in every notebook, keeps its own
    number."""
    if "keras" not in sys.modules:
        prepare(threads)
        return True
    try:
        use(threads)
    except UserError:
        return False
    return True


def workers(config: ExecutorConfig, runs: Sequence[RunSpec]) -> int:
    """Return how many of these runs are made at once on this machine; a cluster is taken for one machine."""
    if not isinstance(config, LocalConfig):
        return min(1, len(runs))
    threads = max((spec.config.training.threads for spec in runs), default=1)
    return min(config.workers or len(gpus()) or max(1, cores() // threads), len(runs))


def cores() -> int:
    """Return how many cores this process may use, a container's limit included."""
    allowed = len(os.sched_getaffinity(0))
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return max(1, min(allowed, int(quota) // int(period)))
    except (OSError, ValueError):
        return allowed


def gpus() -> list[str]:
    """Return the GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name for name in visible.split(",") if name.strip() and name != "-1"]
    folder = Path("/proc/driver/nvidia/gpus")
    return [str(number) for number in range(len(list(folder.iterdir())))] if folder.is_dir() else []
