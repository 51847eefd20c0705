"""Where a run was made: versions, backend, machine, the state of the user's own repository."""

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("rnnlab", "keras", "tensorflow", "jax", "torch", "numpy")


def provenance() -> dict[str, Any]:
    """Return what a result may depend on beside its config, as `run.yaml` keeps it."""
    import keras

    return {
        "python": platform.python_version(),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
        "backend": keras.backend.backend(),
        "machine": machine(),
        "git": git(Path.cwd()),
        "command": sys.argv,
    }


def machine() -> dict[str, Any]:
    """Return the system, the processor, and how many cores this process may use.

    >>> machine()["cores"] >= 1
    True
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"system": platform.platform(), "processor": _processor(), "cores": cores}


def git(folder: Path) -> dict[str, Any] | None:
    """Return the commit that `folder` is at and whether anything is changed; None where there is no repository."""
    commit, status = (_git(folder, *command) for command in (("rev-parse", "HEAD"), ("status", "--porcelain")))
    return {"commit": commit, "changed": bool(status)} if commit else None


def _git(folder: Path, *command: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(folder), *command], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor())


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
