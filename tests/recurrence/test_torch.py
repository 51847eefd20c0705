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


STATEFUL = """
import keras, numpy as np, torch
from rnnlab.layers import GRU, LSTM
for layer in (LSTM(5, stateful=True), GRU(5, stateful=True, reset_after=False), LSTM(5, stateful=True, dropout=0.3)):
    for _ in range(3):
        layer(torch.randn(2, 3, 4), training=True).sum().backward()
    assert all(weight.value.grad is not None for weight in layer.trainable_weights)
    assert any(float(abs(state.value).max()) > 0 for state in layer.states)
layer = LSTM(3)
x = torch.randn(2, 3, 4)
assert float(abs(torch.compile(layer, backend="eager")(x) - layer(x)).max()) < 1e-6
print("trained")
"""


@pytest.mark.process
@pytest.mark.slow
def test_stateful_layers_train_and_layers_compile_on_torch(root):
    pytest.importorskip("torch", reason="torch is not installed")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-c", STATEFUL]
    done = subprocess.run(command, cwd=root, env=environment | {"KERAS_BACKEND": "torch"}, capture_output=True, text=True)
    assert "trained" in done.stdout, done.stderr[-3000:]


@pytest.mark.process
@pytest.mark.slow
def test_keras_own_tests_pass_on_torch(root):
    pytest.importorskip("torch", reason="torch is not installed")
    files = [f"tests/layers/{name}.py" for name in ("test_of_keras", "test_run_layer")]
    command = [sys.executable, "-m", "pytest", *files, "-W", "ignore"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=root, env=environment | {"KERAS_BACKEND": "torch"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "[100%]" in done.stdout
