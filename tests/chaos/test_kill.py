"""A sweep that is killed again and again ends with the bits of one that was left alone. `--kills 300` makes it long."""

import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chaos.forker import Forker
from chaos.small import answer, bits, command, config, unfinished

pytestmark = pytest.mark.process

Whole = tuple[Path, list[Any]]
ENDS = (0, -signal.SIGKILL, 130)
"""How a sweep ends: by itself, killed, or by Ctrl-C."""


def stamps(folder: Path) -> dict[str, int]:
    """When each result was written: a result that was there once is never made again."""
    return {str(path): path.stat().st_mtime_ns for path in folder.glob("runs/small/*/*/result.json")}


def test_a_sweep_killed_at_random_ends_with_the_same_bits(
    sweep: tuple[Forker, Callable[[Path], Path], Whole], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    forker, write, whole = sweep
    wanted, kills, rounds, resumed = request.config.getoption("--kills") * 3 // 10, 0, 0, 0
    rng = random.Random(1)

    def more() -> bool:
        """So many kills, and on until enough runs went on from a state, if that comes to pass."""
        return kills < wanted or (resumed <= wanted / 5 and kills < 3 * wanted)

    while more():
        rounds += 1
        folder, done = tmp_path / f"round-{rounds}", {}
        write(folder)
        while True:
            begun = unfinished(folder)
            forker.start(command(folder), folder / "log")
            ended = forker.kill(folder, rng, interrupts=0.3) if more() else forker.wait()
            kills += ended != 0
            assert ended in ENDS, (folder / "log").read_text()
            resumed += bool(begun) and unfinished(folder) != begun
            before, done = done, stamps(folder)
            assert before.items() <= done.items()
            if ended == 0:
                break
        assert bits(folder) == whole[1]
        assert answer(folder) == answer(whole[0])
    print(f"{kills} kills in {rounds} sweeps, {resumed} times gone on from a state, 0 differences, 0 lost or doubled runs")
    assert resumed > wanted / 5


def test_a_sweep_killed_while_another_one_runs_on_the_folder(
    both: tuple[Forker, Forker], whole: Whole, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Whichever of the two is killed, the other goes on or it starts again, and each run is made once."""
    wanted, kills, rounds = request.config.getoption("--kills") // 5, 0, 0
    rng = random.Random(2)
    while kills < wanted:
        rounds += 1
        folder, done = tmp_path / f"round-{rounds}", {}
        logs = [folder / "log-0", folder / "log-1"]
        config(folder)
        for one, log in zip(both, logs, strict=True):
            one.start(command(folder), log)
        while kills < wanted and len(done) < 2:
            victim = rng.randrange(2)
            ended = both[victim].kill(folder, rng)
            assert ended in ENDS, logs[victim].read_text()
            kills += ended != 0
            both[victim].start(command(folder), logs[victim])
            before, done = done, stamps(folder)
            assert before.items() <= done.items()
        assert [one.wait() for one in both] == [0, 0], [log.read_text() for log in logs]
        assert done.items() <= stamps(folder).items()
        assert bits(folder) == whole[1]
        assert answer(folder) == answer(whole[0])
    print(f"{kills} kills in {rounds} pairs of sweeps, 0 differences, 0 lost or doubled runs")
