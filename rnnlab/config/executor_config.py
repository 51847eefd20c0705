"""The executor section of a config: where the runs are executed. It changes no result and is no part of a run's identity."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from rnnlab.section import Section

Count = Annotated[int, Field(ge=1, le=100_000)]
"""A number of processes."""
Retries = Annotated[int, Field(ge=0, le=100)]
"""How many times a run is retried."""


class InProcessConfig(Section):
    """One run after the other, in the process that was started."""

    name: Literal["in_process"]
    """The name of the executor."""


class LocalConfig(Section):
    """Worker processes on this machine."""

    name: Literal["local"] = "local"
    """The name of the executor."""
    workers: Count | None = None
    """The number of worker processes; null starts one per GPU, or without a GPU as many as the cores can serve, and runs
    everything in the main process if that is one."""
    retries: Retries = 2
    """How many times a run is retried after its worker was killed, for example for lack of memory, before it counts as
    failed."""


class RayConfig(Section):
    """A Ray cluster; data and results are on storage that all its machines mount at the same path."""

    name: Literal["ray"]
    """The name of the executor."""
    address: Annotated[str, Field(min_length=1)] = "auto"
    """The cluster: auto finds the one that this machine belongs to; `host:port` or `ray://host:port` names one."""
    cpus: Annotated[float, Field(gt=0)] | None = None
    """Cores reserved per run; null uses training.threads."""
    gpus: Annotated[float, Field(ge=0)] = 0.0
    """GPUs reserved per run; with a fraction, runs share one."""
    retries: Retries = 2
    """How many times a run is retried after its worker or machine was lost, before it counts as failed."""


def _local(section: object) -> object:
    return {"name": "local", **section} if isinstance(section, dict) else section


ExecutorConfig = Annotated[InProcessConfig | LocalConfig | RayConfig, Field(discriminator="name"), BeforeValidator(_local)]
"""Where the runs are executed; without a name, on this machine."""
