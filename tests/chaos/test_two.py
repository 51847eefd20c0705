"""Two sweeps over one folder share its runs: each is made once, and both end when all are there."""

import os
import re
import shutil
import time
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from chaos.forker import Forker
from chaos.small import bits, command, config
from rnnlab.config import load
from rnnlab.progress.lines import Lines
from rnnlab.storage import store
from rnnlab.storage.lease import Lock, LostError
from rnnlab.training import array_file

pytestmark = pytest.mark.slow


def test_two_sweeps_make_every_run_once(both: tuple[Forker, Forker], tmp_path: Path) -> None:
    config(tmp_path, compare={"seeds": 3}, training={"epochs": 2})
    logs = [tmp_path / "log-0", tmp_path / "log-1"]
    for one, log in zip(both, logs, strict=True):
        one.start(command(tmp_path), log)
    assert [one.wait() for one in both] == [0, 0], [log.read_text() for log in logs]
    ended = [re.findall(r"(\S+ seed \d)  epoch 2/2", log.read_text()) for log in logs]
    wanted = {f"{variant} seed {seed}": 1 for variant in ("ours", "builtin") for seed in (1, 2, 3)}
    assert Counter(run for runs in ended for run in runs) == wanted
    assert all(ended), "one of them did everything"
    assert len(bits(tmp_path)) == 6


def test_a_run_that_another_process_has_made_meanwhile_is_kept(
    whole: tuple[Path, list[Any]], forker: Forker, tmp_path: Path
) -> None:
    """The sweep makes what it can, says for whom it waits, and takes what that one has made."""
    config(tmp_path)
    folder = store.run_folder(tmp_path / "runs" / "small", "ours", 1)
    folder.mkdir(parents=True)
    with Lock(folder) as lock:
        assert lock.take()
        forker.start(command(tmp_path), tmp_path / "log")
        end = time.monotonic() + 120
        while not (tmp_path / "log").exists() or "waits for" not in (tmp_path / "log").read_text():
            assert time.monotonic() < end, (tmp_path / "log").read_text()
            time.sleep(0.05)
        made = whole[0] / "runs" / "small" / "ours" / "seed-1"
        shutil.copytree(made, folder, ignore=shutil.ignore_patterns(".lock-*"), dirs_exist_ok=True)
        before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file() and ".lock" not in path.name}
    assert forker.wait() == 0
    said = (tmp_path / "log").read_text()
    assert f"waits for ours seed 1, made by process {os.getpid()} on " in said
    assert "builtin seed 1  epoch 4/4" in said
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert bits(tmp_path) == whole[1]


@pytest.mark.parametrize("late", [False, True])
def test_who_lost_a_run_writes_nothing_more(late: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of its first epoch, or at its end, the process learns that another one took the run over."""
    from rnnlab.data.build_dataset import build
    from rnnlab.sweep.execute import execute

    spec = load(config(tmp_path, training={"epochs": 1})).runs()[0]
    dataset = build(spec.config.data)
    batches = len(dataset.train.order(1, 0))
    folder = store.run_folder(tmp_path / "small", spec.variant, spec.seed)
    folder.mkdir(parents=True)
    lock, calls = Lock(folder, beat=0.0), count(1)

    def check() -> None:
        if next(calls) == (batches + 1 if late else batches // 2):
            raise LostError("lost")

    monkeypatch.setattr(lock, "check", check)
    with pytest.raises(LostError):
        execute(spec, folder, dataset, Lines(1, 1), lock)
    assert not (folder / store.RESULT).exists()
    assert not (folder / store.EVENTS).exists()
    state = array_file.read(folder / store.CHECKPOINT / "state")
    assert (state["epoch"], state["batch"]) == (0, (batches if late else batches // 2) - 1)
