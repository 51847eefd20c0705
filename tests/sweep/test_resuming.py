"""What users miss where sweeps are resumed (https://github.com/hydra-ecosystem/hydra/issues/3328), and parts of sweeps.

No run is trained here: in its place a result is written.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sweep.test_sweep import experiment

from rnnlab.cli import main
from rnnlab.config import Experiment, RunSpec
from rnnlab.errors import UserError
from rnnlab.storage import store
from rnnlab.storage.lease import Lock
from rnnlab.storage.run_result import RunResult
from rnnlab.sweep import execute, sweep
from rnnlab.sweep.executors.in_process import InProcess
from rnnlab.sweep.job import Job
from rnnlab.sweep.origin import made, who
from rnnlab.sweep.plan import plan, summary
from rnnlab.sweep.run_seconds import BUILTIN
from rnnlab.sweep.selection import Selection
from rnnlab.sweep.sweep import Sweep, run

MADE: list[tuple[str, int]] = []


@pytest.fixture(autouse=True)
def _written_not_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variant ends as its name says; its result tells how many were made before it."""
    MADE.clear()

    def written(spec: RunSpec, folder: Path, dataset: Any, progress: Any, lock: Any, lost: str, *_: Any) -> RunResult:
        MADE.append((spec.variant, spec.seed))
        status = spec.variant if spec.variant in ("failed", "diverged") else "done"
        monitored = {
            "metrics": {"val_loss": 1.0, "seconds": 60.0} if status == "done" else {},
            "monitor": "val_loss",
            "mode": "min",
        }
        about = {**who(spec), **made(spec, dataset), **store.digests(folder)}
        result = RunResult.of({**about, **monitored, "status": status, "best_epoch": 1})
        store.write_result(folder, result)
        return result

    monkeypatch.setattr(execute, "execute", written)


def compared(folder: Path, seeds: int = 2, **variants: dict[str, Any]) -> Experiment:
    variants = variants or {"a": {}, "b": {"dropout": 0.1}, "c": {"dropout": 0.2}}
    return experiment(folder, compare={"baseline": next(iter(variants)), "variants": variants, "seeds": seeds})


def again(folder: Path, *args: Any, fail_fast: bool = False, only: tuple[str, ...] = (), **variants: Any) -> Sweep:
    return run(compared(folder, *args, **variants), folder / "runs", fail_fast=fail_fast, selection=Selection(only))


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every result with its time."""
    paths = folder.glob("runs/small/*/*/result.json")
    return {str(path.relative_to(folder / "runs/small").parent): (path.stat().st_mtime_ns, path.read_bytes()) for path in paths}


def test_a_run_keeps_its_place_whatever_is_added_around_it(tmp_path: Path) -> None:
    """Hydra counts jobs from 0 again, so that folders are overwritten; here a name and a seed are the place."""
    assert again(tmp_path).made == 6
    before = contents(tmp_path)
    assert set(before) == {f"{variant}/seed-{seed}" for variant in "abc" for seed in (1, 2)}
    assert again(tmp_path, 3, z={"dropout": 0.4}, b={"dropout": 0.1}, a={}).made == 5
    assert before.items() <= contents(tmp_path).items()


def test_the_rest_is_made_and_not_as_many_again(tmp_path: Path) -> None:
    assert again(tmp_path, only=("a", "c")).made == 4
    assert again(tmp_path).made == 2
    assert MADE[4:] == [("b", 1), ("b", 2)]
    assert again(tmp_path).made == 0


def test_every_run_is_on_record_as_finished_failed_running_or_missing(tmp_path: Path) -> None:
    variants: dict[str, Any] = {"good": {}, "failed": {"dropout": 0.1}, "diverged": {"dropout": 0.2}}
    swept = again(tmp_path, 3, only=("good", "failed"), **variants)
    assert (swept.exit_status, swept.statuses) == (1, Counter(done=3, failed=3))
    begun = tmp_path / "runs" / "small" / "diverged" / "seed-2"
    begun.mkdir(parents=True)
    with Lock(begun) as lock:
        assert lock.take()
        rows = plan(compared(tmp_path, 3, **variants), tmp_path / "runs")
        assert not list((tmp_path / "runs").glob(".plan*"))
    counts = {row.variant: (row.done, row.failed, row.diverged, row.running, row.missing) for row in rows}
    assert counts == {"good": (3, 0, 0, 0, 0), "failed": (0, 3, 0, 0, 0), "diverged": (0, 0, 0, 1, 2)}
    assert {row.variant: row.seconds for row in rows} == {"good": 0.0, "failed": 0.0, "diverged": 180.0}
    assert summary(rows, 2) == "3 of 9 runs are left, 2 at a time: about 1:30"


def test_what_a_run_is_expected_to_take_is_learnt_from_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variant without a run is expected to take its steps times its weights, at the pace of the others."""
    variants: dict[str, Any] = {"a": {}, "twice": {"training.epochs": 4}, "wide": {"units": 8}}
    given: list[Job] = []

    def told(config: Any, jobs: list[Job]) -> InProcess:
        given[:] = jobs
        return InProcess()

    monkeypatch.setattr(sweep, "executor", told)
    again(tmp_path, 1, only=("a",), **variants)
    rows = {row.variant: row for row in plan(compared(tmp_path, 2, **variants), tmp_path / "runs")}
    size = {name: row.parameters or 0 for name, row in rows.items()}
    assert [job.expected for job in given] == [2 * 2 * size["a"] * BUILTIN], "2 epochs of 2 batches; no run has ended"
    wide = 60 * size["wide"] / size["a"]
    assert [(row.missing, row.seconds) for row in rows.values()] == [(1, 60), (2, 240), (2, pytest.approx(2 * wide))]
    again(tmp_path, 2, **variants)
    assert {job.spec.variant: job.expected for job in given} == {"a": 60, "twice": 120, "wide": pytest.approx(wide)}


def test_one_that_ends_badly_stops_the_rest_only_where_that_is_asked(tmp_path: Path) -> None:
    variants: dict[str, Any] = {"a": {}, "failed": {"dropout": 0.1}, "later": {"dropout": 0.2}}
    stopped = again(tmp_path, fail_fast=True, **variants)
    assert (stopped.exit_status, stopped.statuses) == (1, {"done": 2, "failed": 1, "not made": 3})
    assert again(tmp_path, **variants).statuses == {"done": 4, "failed": 2}


@pytest.mark.parametrize(("shares", "seeds"), [(1, 3), (2, 3), (3, 3), (5, 2), (8, 2), (20, 1)])
def test_every_run_is_in_one_share_and_shares_are_alike(shares: int, seeds: int, tmp_path: Path) -> None:
    whole = compared(tmp_path, seeds)
    dealt = [Selection(share=share, shares=shares).runs(whole) for share in range(1, shares + 1)]
    assert Counter(spec for share in dealt for spec in share) == Counter(whole.runs())
    assert max(map(len, dealt)) - min(map(len, dealt)) <= 1
    if shares == 3:
        assert all({spec.variant for spec in share} == {"a", "b", "c"} for share in dealt)


def test_the_command_line_chooses_runs_and_tells_by_its_status_how_they_ended(tmp_path: Path) -> None:
    compared(tmp_path, 2, a={}, failed={"dropout": 0.1}, later={"dropout": 0.2})

    def called(*options: str) -> tuple[int, list[tuple[str, int]]]:
        MADE.clear()
        command = ["run", str(tmp_path / "small.yaml"), "--runs", str(tmp_path / "runs"), *options]
        return CliRunner().invoke(main, command, catch_exceptions=False).exit_code, [*MADE]

    assert called("--only", "a", "--shard", "1/2") == (0, [("a", 1)])
    assert called("--fail-fast") == (1, [("failed", 1)])
    assert called("--only", "failed", "--only", "later", "--shard", "2/2") == (1, [("later", 1), ("failed", 2)])
    assert called("--only", "failed") == (1, [])
    assert called("--only", "failed", "--retry-failed") == (1, [("failed", 1), ("failed", 2)])
    assert called("--only", "faild") == (2, [])


@pytest.mark.parametrize("shard", ["0/3", "4/3", "1", "a/b", "1/0", "-1/2", ""])
def test_a_share_that_is_none_is_refused(shard: str) -> None:
    with pytest.raises(UserError, match="a shard is I/N with I from 1 to N, such as 2/5; got"):
        Selection.of((), shard)


def test_a_variant_that_is_not_there_is_refused(tmp_path: Path) -> None:
    refused: list[Callable[[Experiment], Any]] = [
        Selection(("zonout",)).runs,
        lambda whole: run(whole, tmp_path / "runs", selection=Selection(("zonout",))),
    ]
    for refuse in refused:
        with pytest.raises(UserError, match=r"no variant 'zonout' \(did you mean zoneout\?\); the variants are none, zoneout"):
            refuse(compared(tmp_path, none={}, zoneout={}))
    assert not (tmp_path / "runs").exists()
