"""Worker processes and their parent are killed, and the sweep ends with the bits of one made in a single process."""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chaos.forker import FORKED, Forker
from chaos.small import alive, answer, bits, command, config, later, workers
from rnnlab.storage import listing
from rnnlab.storage.store import read_run

pytestmark = pytest.mark.process

Whole = tuple[Path, list[Any]]


def until(reached: Callable[[], Any], log: Path) -> None:
    """Wait until something is so."""
    end = time.monotonic() + 120
    while not reached():
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.02)


def retried(folder: Path) -> list[str]:
    """Why tries of the run were lost, as its folder tells."""
    return list(listing.run(folder)["retried"])


def local(folder: Path, retries: int = 2) -> list[str]:
    """The command that makes the small sweep by two workers."""
    config(folder)
    return [*command(folder), f"executor={{name: local, workers: 2, retries: {retries}}}"]


def both_at_work(parent: int, folder: Path) -> list[int]:
    """The workers of a process, once each has a run well begun."""
    log, states = folder / "log", folder / "runs" / "small"
    until(lambda: len([*states.glob("*/*/checkpoint/state")]) == 2 and len(workers(parent)) == 2, log)
    return workers(parent)


def test_workers_and_parent_killed_at_random_end_with_the_same_bits(
    forker: Forker, whole: Whole, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    wanted, kills, rounds = request.config.getoption("--kills") // 5, 0, 0
    rng = random.Random(3)
    while kills < wanted:
        rounds += 1
        folder = tmp_path / f"round-{rounds}"
        arguments, log, done = local(folder, retries=100), folder / "log", {}
        parent = forker.start(arguments, log, FORKED)
        while kills < wanted and len(done) < 2 and alive(parent):
            later(folder, rng, parent)
            mine = workers(parent)
            victim = rng.choice([*mine, parent])
            if not alive(victim):
                break
            os.kill(victim, signal.SIGKILL)
            kills += 1
            if victim == parent:
                assert forker.wait() == -signal.SIGKILL
                until(lambda mine=mine: not any(map(alive, mine)), log)
                parent = forker.start(arguments, log, FORKED)
            before, done = done, {path: path.stat().st_mtime_ns for path in folder.glob("runs/small/*/*/result.json")}
            assert before.items() <= done.items()
        assert forker.wait() == 0, log.read_text()
        assert bits(folder) == whole[1]
        assert answer(folder) == answer(whole[0])
    print(f"{kills} kills of workers and parents in {rounds} sweeps, 0 differences, 0 lost or doubled runs")


def test_a_killed_worker_takes_only_its_own_run_along(forker: Forker, whole: Whole, tmp_path: Path) -> None:
    """It is tried again with a note."""
    parent = forker.start(local(tmp_path), tmp_path / "log", FORKED)
    os.kill(both_at_work(parent, tmp_path)[0], signal.SIGKILL)
    assert forker.wait() == 0, (tmp_path / "log").read_text()
    said = (tmp_path / "log").read_text()
    assert said.count("its worker process was killed (SIGKILL, perhaps by the system's out-of-memory killer)") == 1
    assert said.count("tried again from its last checkpoint (1 of 2)") == 1
    assert sorted(map(retried, (tmp_path / "runs" / "small").glob("*/seed-1"))) == [
        [],
        ["its worker process was killed (SIGKILL, perhaps by the system's out-of-memory killer)"],
    ]
    assert bits(tmp_path) == whole[1]


def test_a_run_whose_worker_is_killed_too_often_has_failed(forker: Forker, whole: Whole, tmp_path: Path) -> None:
    """The others go on, and `--retry-failed` takes it up where it was."""
    parent = forker.start(local(tmp_path, retries=0), tmp_path / "log", FORKED)
    os.kill(both_at_work(parent, tmp_path)[0], signal.SIGKILL)
    assert forker.wait() == 1, (tmp_path / "log").read_text()
    records = [read_run(tmp_path / "runs" / "small" / variant / "seed-1") for variant in ("ours", "builtin")]
    results = [record.result for record in records if record.result]
    assert sorted(result.status for result in results) == ["done", "failed"]
    (failed,) = (result for result in results if result.status == "failed")
    assert failed.error == "its worker process was killed (SIGKILL, perhaps by the system's out-of-memory killer)"
    assert "failed: its worker process was killed" in (tmp_path / "log").read_text()
    assert forker.run([*local(tmp_path), "--retry-failed"], tmp_path / "log", FORKED) == 0
    assert bits(tmp_path) == whole[1]


def test_ctrl_c_ends_all_processes_and_keeps_what_they_made(forker: Forker, whole: Whole, tmp_path: Path) -> None:
    arguments = local(tmp_path)
    parent = forker.start(arguments, tmp_path / "log", FORKED)
    mine = both_at_work(parent, tmp_path)
    os.killpg(parent, signal.SIGINT)  # as a terminal sends it: to all of them
    assert forker.wait() == 130, (tmp_path / "log").read_text()
    assert not any(map(alive, mine))
    assert "Traceback" not in (tmp_path / "log").read_text()
    assert forker.run(arguments, tmp_path / "log", FORKED) == 0
    assert "goes on in epoch" in (tmp_path / "log").read_text() or len(bits(tmp_path)) == 2
    assert bits(tmp_path) == whole[1]


def test_workers_give_the_bits_of_one_process(forker: Forker, tmp_path: Path) -> None:
    """The sums are so long that their bits depend on the threads."""
    results = []
    for section in ({"name": "in_process"}, {"name": "local", "workers": 2}):
        folder = tmp_path / str(section["name"])
        wide = {"embedding": {"width": 128}, "recurrent": [{"units": 128, "dropout": 0.3}]}
        training = {"epochs": 1, "checkpoint": {"every_minutes": 10.0}}
        config(
            folder, data={"batch_size": 32, "window": 16, "limit_tokens": 3000}, model=wide, training=training, executor=section
        )
        assert forker.run(command(folder), folder / "log", FORKED) == 0, (folder / "log").read_text()
        results.append(bits(folder))
    assert results[0] == results[1]
