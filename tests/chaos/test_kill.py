"""A sweep that is killed again and again ends with the bits of one that was left alone. `--kills 300` makes it long."""

import random
from pathlib import Path
from typing import Any

import pytest

from chaos.small import Forker, bits, command, config

Whole = tuple[Path, list[Any]]


def stamps(folder: Path) -> dict[str, int]:
    """When each result was written: a result that was there once is never made again."""
    return {str(path): path.stat().st_mtime_ns for path in folder.glob("runs/small/*/*/result.json")}


def test_a_sweep_killed_at_random_ends_with_the_same_bits(
    forker: Forker, whole: Whole, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    wanted, kills, rounds = request.config.getoption("--kills"), 0, 0
    chance = random.Random(1)
    while kills < wanted:
        rounds += 1
        folder, done = tmp_path / f"round-{rounds}", {}
        config(folder)
        while True:
            forker.start(command(folder), folder / "log")
            ended = forker.kill_after(chance.uniform(0.5, 4)) if kills < wanted else forker.wait()
            kills += ended == -9
            assert ended in (0, -9), (folder / "log").read_text()
            before, done = done, stamps(folder)
            assert before.items() <= done.items()
            if ended == 0:
                break
        assert bits(folder) == whole[1]
    print(f"{kills} kills in {rounds} sweeps, 0 differences, 0 lost or doubled runs")
