"""Where a run was made: versions, backend, machine, the state of the user's own repository."""

import os
import platform
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from rnnlab.storage.run_origin import Provenance
from rnnlab.sweep.makers import present

_PROCESSOR = {"family": "cpu family", "model": "model", "stepping": "stepping"}
"""The fields that distinguish processors of one name, by their names in Linux."""
_COMMIT, _NONE = "# branch.oid ", "(initial)"
"""How git tells the commit, and that there is none yet."""


def provenance() -> Provenance:
    """Return what a result may depend on beside its config, as `run.yaml` keeps it."""
    where = Path.cwd()
    return replace(present(), machine=machine(), git=git(where), command=sys.argv, directory=str(where))


def machine() -> dict[str, str | int | None]:
    """Return the system, the processor, and how many cores this process may use.

    >>> machine()["cores"] >= 1
    True
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"system": platform.platform(), "processor": _processor(), "cores": cores}


def git(folder: Path) -> dict[str, str | bool] | None:
    """Return the commit that `folder` is at and whether anything is changed; None where there is no repository."""
    # A run that is killed here leaves no lock in the user's repository.
    words = ["git", "--no-optional-locks", "-C", str(folder), "status", "--porcelain=v2", "--branch"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = done.stdout.splitlines()
    commit = next((line.removeprefix(_COMMIT) for line in lines if line.startswith(_COMMIT)), _NONE)
    return None if commit == _NONE else {"commit": commit, "changed": any(not line.startswith("#") for line in lines)}


def _processor() -> str:
    """The name with family, model and stepping: one marketing name covers processors whose products differ in the last bit."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("\n\n")[0]
    except OSError:
        return platform.processor()
    fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in text.splitlines())}
    numbers = [f"{key} {fields[field]}" for key, field in _PROCESSOR.items() if field in fields]
    return f"{fields.get('model name') or platform.processor()}" + (f" ({', '.join(numbers)})" if numbers else "")
