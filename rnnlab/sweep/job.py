"""One run that has to be made: what any process needs to know to take it, and what comes back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from traceback import format_exc
from typing import NamedTuple

from rnnlab import plugins
from rnnlab.config import RunConfig, RunSpec
from rnnlab.documents import Record
from rnnlab.storage.run_result import RunResult


@dataclass(frozen=True)
class Job:
    """A run, its place, and what was known about it when the sweep began."""

    spec: RunSpec
    folder: Path
    before: RunResult | None = field(hash=False)
    """The result that lay in the folder and does not count."""
    lost: str = field(default="", compare=False)
    """Why its last try was lost, where it is tried again."""
    expected: float = field(default=1.0, compare=False)
    """How long it is expected to take, in seconds, or only beside the other jobs, see `rnnlab.sweep.run_seconds`."""
    began: str = field(default="", compare=False)
    """When the command began, which names the folder of everything that it moves aside."""

    def document(self) -> Record:
        """Return the job as plain values."""
        spec = {**vars(self.spec), "config": self.spec.config.model_dump()}
        before = self.before and self.before.document()
        return {"spec": spec, "folder": str(self.folder), "before": before, "lost": self.lost, "began": self.began}

    @classmethod
    def of(cls, document: Record) -> "Job":
        """Return the job from plain values."""
        spec = document["spec"]
        plugins.load(spec["config"].get("plugins", ()))
        config, before = RunConfig.model_validate(spec["config"]), document["before"] and RunResult.of(document["before"])
        spec = RunSpec(**{**spec, "config": config})
        return cls(spec, Path(document["folder"]), before, document["lost"], began=document["began"])


class Unreadable(NamedTuple):
    """Why a process cannot read the job that it was given."""

    error: str
    """In one line."""
    traceback: str


def job_or_reason(document: Callable[[], Record]) -> Job | Unreadable:
    """Return the job of a `document()`, or why this process cannot read it, such as a scheme it does not know."""
    try:
        return Job.of(document())
    except Exception as error:
        first = f"{type(error).__name__}: {error}".splitlines()[0]
        return Unreadable(f"its process cannot read the job: {first}", format_exc())


@dataclass(frozen=True)
class JobResult:
    """How a job ended."""

    result: RunResult | None
    """How the run ended; None while another process makes it."""
    made: bool = False
    """Whether it was made for this job, rather than by another process."""
    owner: str = ""
    """Who makes it meanwhile."""

    def document(self) -> Record:
        """Return it as plain values."""
        return {"result": self.result and self.result.document(), "made": self.made, "owner": self.owner}

    @classmethod
    def of(cls, document: Record) -> "JobResult":
        """Return the object from plain values."""
        result = document["result"]
        return cls(result and RunResult.of(result), document["made"], document["owner"])
