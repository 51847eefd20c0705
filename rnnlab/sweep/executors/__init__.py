"""Where runs are made: in this process, in worker processes of this machine, or on a cluster."""

from rnnlab.sweep.executors.choose import executor
from rnnlab.sweep.executors.interface import Executor

__all__ = ["Executor", "executor"]
