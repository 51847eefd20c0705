"""Runs with an optimizer, a schedule and callbacks of a plug-in, made by two processes, killed and gone on with."""

import json
import os
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest
from chaos.forker import FORKED, Forker

from rnnlab import sealed

EXPERIMENT = """name: trained
plugins: [training_parts.py]
data: {name: adding, length: 4, examples: {train: 64, validation: 16, test: 16}, batch_size: 8}
model: {recurrent: [{units: 3, recurrent_dropout: 0.2}]}
training: {epochs: 12, checkpoint: {every_minutes: 0.0}}
compare:
  seeds: 1
  variants:
    plain: {}
    mine:
      training.optimizer: {name: signs, keep: 0.9}
      training.schedule: {name: triangle, period: 3}
      training.callbacks: [{name: pulled}, {name: tells}]
executor: {name: local, workers: 2}
"""


def start(forker: Forker, place: Path, runs: str, *more: str) -> int:
    return forker.start(["run", "trained.yaml", "--runs", runs, *more], place / "log", f"os.chdir({str(place)!r})\n{FORKED}")


def ended(forker: Forker, place: Path, runs: str, *more: str) -> None:
    start(forker, place, runs, *more)
    assert forker.wait() == 0, (place / "log").read_text()


def bits(folder: Path) -> dict:
    """What a run is, without what the clock says."""
    result = json.loads((folder / "result.json").read_text())
    epochs = [
        {name: value for name, value in event.items() if "second" not in name and "throughput" not in name}
        for event in sealed.read(folder / "events.jsonl")
    ]
    metrics = {name: value for name, value in result["metrics"].items() if "second" not in name and "throughput" not in name}
    return {"status": result["status"], "weights": result["weights"], "metrics": metrics, "epochs": epochs}


@pytest.mark.slow
@pytest.mark.process
def test_a_killed_run_goes_on_to_the_same_bits_and_only_its_source_makes_it_again(forker, tmp_path):
    shutil.copy(Path(__file__).with_name("training_parts.txt"), tmp_path / "training_parts.py")
    (tmp_path / "trained.yaml").write_text(EXPERIMENT)
    ended(forker, tmp_path, "whole", "--only", "mine")
    killed = start(forker, tmp_path, "killed")
    events, end = tmp_path / "killed/trained/mine/seed-1/events.jsonl", time.monotonic() + 200
    while not (events.exists() and len(events.read_text().splitlines()) >= 3) and time.monotonic() < end:
        time.sleep(0.02)
    with suppress(ProcessLookupError):
        os.killpg(killed, signal.SIGKILL)
    forker.wait()
    assert not (events.parent / "result.json").exists(), "it ended before it was killed"
    ended(forker, tmp_path, "killed")
    mine, again = (bits(tmp_path / runs / "trained/mine/seed-1") for runs in ("whole", "killed"))
    assert again == mine
    assert [epoch["train"]["told"] for epoch in mine["epochs"]] == list(range(1, 13))
    assert [round(epoch["learning_rate"], 6) for epoch in mine["epochs"][:4]] == [0.001, 0.000833, 0.000667, 0.001]
    files = {name: (tmp_path / f"killed/trained/{name}/seed-1/result.json").read_bytes() for name in ("plain", "mine")}
    text = (tmp_path / "training_parts.py").read_text()
    (tmp_path / "training_parts.py").write_text(text.replace("ops.sign(mean)", "ops.tanh(mean)"))
    ended(forker, tmp_path, "killed")
    changed = {name for name in files if (tmp_path / f"killed/trained/{name}/seed-1/result.json").read_bytes() != files[name]}
    assert changed == {"mine"}
