"""A sweep that is killed again and again ends with the bits of one that was left alone. RNNLAB_KILLS=300 makes it long."""

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from rnnlab.runs.store import CHECKPOINT, read
from rnnlab.training import snapshot
from rnnlab.training.checkpoint import best_weights

KILLS = int(os.environ.get("RNNLAB_KILLS", "5"))
DOCUMENT: dict[str, Any] = {
    "name": "small",
    "data": {"name": "python_reference", "vocabulary": 40, "window": 6, "batch_size": 4, "limit": 1000},
    "model": {"embedding": {"width": 4}, "recurrent": [{"units": 4, "dropout": 0.3, "recurrent_dropout": 0.3}]},
    "training": {"epochs": 6, "monitor": "perplexity", "checkpoint": {"every_minutes": 0.0}},
    "compare": {"variants": {"ours": {}, "builtin": {"implementation": "keras"}}, "seeds": 1},
}


def start(folder: Path) -> "subprocess.Popen[str]":
    folder.mkdir(exist_ok=True)
    (folder / "small.yaml").write_text(yaml.safe_dump(DOCUMENT))
    command = [sys.executable, "-m", "rnnlab", "run", str(folder / "small.yaml"), "--runs", str(folder / "runs")]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def bits(folder: Path) -> list[Any]:
    """Results, curves and weights of every run, without what the clock says."""
    found = []
    for run in read(folder / "runs" / "small").runs:
        assert run.result is not None
        metrics = {name: value for name, value in run.result["metrics"].items() if "second" not in name}
        curves = [(epoch["epoch"], epoch["train"], epoch["validation"]) for epoch in run.epochs]
        weights = best_weights(snapshot.read(run.folder / CHECKPOINT / "state"))
        found.append((run.variant, run.result["status"], metrics, curves, [weight.tobytes() for weight in weights]))
    return found


def test_a_sweep_killed_at_random_ends_with_the_same_bits(tmp_path: Path) -> None:
    assert start(tmp_path / "whole").wait() == 0
    chance, kills = random.Random(1), 0
    for _ in range(KILLS):
        process = start(tmp_path / "killed")
        try:
            process.wait(timeout=chance.uniform(6, 16))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
    assert start(tmp_path / "killed").wait() == 0
    if not kills:
        pytest.skip("every run ended before its kill")
    assert bits(tmp_path / "killed") == bits(tmp_path / "whole")
