"""On torch the plain loop runs: the papers' equations hold there too."""

import os
import subprocess
import sys

import pytest


@pytest.mark.process
def test_equations_hold_on_torch(root):
    pytest.importorskip("torch", reason="torch is not installed")
    command = [sys.executable, "-m", "pytest", "tests/layers/test_equations.py", "-k", "none or everywhere"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=root, env=environment | {"KERAS_BACKEND": "torch"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout
