"""The executor section of a config: where the runs are made. It changes no result and belongs to no run's identity."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from rnnlab.section import Section

Count = Annotated[int, Field(ge=1, le=100_000)]
"""A number of processes."""
Retries = Annotated[int, Field(ge=0, le=100)]
"""How often a run is tried again."""


class InProcessConfig(Section):
    """One run after the other, in the process that was started."""

    name: Literal["in_process"]
    """Its name."""


class LocalConfig(Section):
    """Worker processes on this machine."""

    name: Literal["local"] = "local"
    """Its name."""
    workers: Count | None = None
    """Worker processes at once; null takes one a GPU, or where there is none as many as the cores hold, and makes what would
    be a single worker's in the process itself."""
    retries: Retries = 2
    """How often a run is tried again whose worker was killed, as by the system's memory killer, before it counts as failed."""


class RayConfig(Section):
    """A cluster of Ray; data and results lie on storage that all its machines mount at the same path."""

    name: Literal["ray"]
    """Its name."""
    address: Annotated[str, Field(min_length=1)] = "auto"
    """The cluster: auto finds the one that this machine belongs to, `host:port` or `ray://host:port` names one."""
    cpus: Annotated[float, Field(gt=0)] | None = None
    """Cores reserved for a run; null takes training.threads."""
    gpus: Annotated[float, Field(ge=0)] = 0.0
    """GPUs reserved for a run; a fraction lets runs share one."""
    retries: Retries = 2
    """How often a run is tried again whose worker or machine was lost before it counts as failed."""


def _local(section: object) -> object:
    return {"name": "local", **section} if isinstance(section, dict) else section


ExecutorConfig = Annotated[InProcessConfig | LocalConfig | RayConfig, Field(discriminator="name"), BeforeValidator(_local)]
"""Where the runs are made; without a name, on this machine."""
