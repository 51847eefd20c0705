"""What runs leave behind: runs/<experiment>/<variant>/seed-<n>/, written whole or not at all, and read back with checks."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from rnnlab import files
from rnnlab.errors import UserError
from rnnlab.names import folder as folder_name
from rnnlab.training import events

EXPERIMENT, RUN, EVENTS, RESULT = "experiment.yaml", "run.yaml", "events.jsonl", "result.json"
TENSORBOARD, CHECKPOINT = "tensorboard", "checkpoint"


@dataclass(frozen=True)
class RunRecord:
    """What the folder of a run says."""

    variant: str
    seed: int
    folder: Path
    result: dict[str, Any] | None
    """How it ended; None while it has not, or where the file is damaged."""
    epochs: list[dict[str, Any]]
    """Its epoch events, in order."""
    damaged: list[str]
    """The names of files that are not as they were written."""


@dataclass(frozen=True)
class ExperimentRecord:
    """What the folder of an experiment says."""

    folder: Path
    document: dict[str, Any]
    """The config as resolved."""
    runs: list[RunRecord]

    @property
    def name(self) -> str:
        """The experiment's name."""
        return str(self.document["name"])


def run_folder(experiment: Path, variant: str, seed: int) -> Path:
    """Return the folder of a run; raise UserError where it would not lie inside the experiment's own.

    >>> run_folder(Path("runs/quickstart"), "none", 2).as_posix()
    'runs/quickstart/none/seed-2'
    """
    path = experiment / folder_name(variant) / f"seed-{seed}"
    if not path.resolve().is_relative_to(experiment.resolve()):
        raise UserError(f"{path} leads out of {experiment}; is there a symbolic link?")
    return path


def clear(folder: Path) -> None:
    """Remove what a run wrote into its folder, and nothing else."""
    for path in [*(folder / name for name in (RESULT, RUN, EVENTS)), *folder.glob(f".*{files.PARTIAL}")]:
        path.unlink(missing_ok=True)
    for name in (TENSORBOARD, CHECKPOINT):
        shutil.rmtree(folder / name, ignore_errors=True)


def write_result(folder: Path, result: Mapping[str, Any]) -> None:
    """Write how a run ended; the last file of its folder, there whole or not at all."""
    files.write(folder / RESULT, json.dumps(events.seal(result), indent=1) + "\n")


def read_run(folder: Path) -> RunRecord:
    """Return what is in the folder of a run."""
    result, damaged = None, []
    try:
        result = events.unseal((folder / RESULT).read_text(encoding="utf-8"))
    except ValueError:
        damaged.append(RESULT)
    except OSError:  # it has not ended
        pass
    epochs = [event for event in events.read(folder / EVENTS) if event.get("event") == "epoch"]
    if result and result.get("epochs", len(epochs)) != len(epochs):
        damaged.append(EVENTS)
    if result and result.get("origin") not in (None, _sha256(folder / RUN)):
        damaged.append(RUN)
    return RunRecord(folder.parent.name, int(folder.name.removeprefix("seed-")), folder, result, epochs, damaged)


def _sha256(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def read(folder: str | Path) -> ExperimentRecord:
    """Return what is in the folder of an experiment, its runs sorted by seed within each variant.

    Raises UserError where it is not the folder of an experiment.
    """
    folder = Path(folder)
    try:
        document = yaml.safe_load((folder / EXPERIMENT).read_text(encoding="utf-8"))
        document["name"], document["compare"]["seeds"]
    except (OSError, ValueError, TypeError, KeyError, yaml.YAMLError):
        raise UserError(f"{folder} is not the folder of an experiment: it has no readable {EXPERIMENT}") from None
    runs = [read_run(path) for path in folder.glob("*/seed-*") if path.name.removeprefix("seed-").isdecimal()]
    return ExperimentRecord(folder, document, sorted(runs, key=lambda run: (run.variant, run.seed)))
