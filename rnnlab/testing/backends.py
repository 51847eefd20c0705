"""A check on another backend, in a separate process."""

import os
import subprocess
import sys
from typing import Any

from rnnlab.documents import Record
from rnnlab.registry import Registry
from rnnlab.testing.require import require


def elsewhere(registry: Registry[Any], check: str, name: str, settings: Record, backend: str) -> None:
    """Run the check of a registered part on a backend; raise CheckError where it fails there."""
    code = (
        f"from rnnlab import plugins, register, testing\nfrom rnnlab.registry import ALL\nfile = {registry.sources[name]!r}\n"
    )
    code += f"if not any({name!r} in one for one in ALL if one.kind == {registry.kind!r}): plugins.load([file])\n"
    code += f"testing.{check}({name!r}, **{settings!r})"
    environment = {**os.environ, "KERAS_BACKEND": backend}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    require(done.returncode == 0, f"{name} on {backend}: {(done.stderr.strip().splitlines() or ['it ended'])[-1]}")
