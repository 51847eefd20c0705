"""Verbs that read work on folders that can't be written, and on folders reached by symbolic links."""

import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rnnlab import files, sealed
from rnnlab.cli import main
from rnnlab.errors import StorageError
from rnnlab.storage import store
from rnnlab.storage.lease import Lock
from rnnlab.storage.run_result import RunResult


def call(*arguments: Any) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)


@pytest.fixture
def experiment(make: Any) -> Path:
    """Eight seeds of two variants, whose comparison may name a winner."""
    return Path(make.experiment({"none": 0.0, "good": -20.0}))


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch, experiment: Path) -> Path:
    """The experiment where every try to write answers as a file system that is mounted to be read."""
    opened, made = os.open, Path.mkdir

    def refuse(path: Any) -> None:
        if Path(os.path.abspath(path)).is_relative_to(experiment.parent):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    def opening(path: Any, flags: int, *rest: Any, **how: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            refuse(path)
        return opened(path, flags, *rest, **how)

    def making(path: Path, *rest: Any, **how: Any) -> None:
        refuse(path)
        made(path, *rest, **how)

    def writing(path: Path, *rest: Any, **how: Any) -> None:
        with files.told(path):
            refuse(path)
        written(path, *rest, **how)

    written = files.write
    monkeypatch.setattr(os, "open", opening)
    monkeypatch.setattr(Path, "mkdir", making)
    monkeypatch.setattr(files, "write", writing)
    with pytest.raises(StorageError):
        files.write(experiment / "x", "")
    return experiment


def test_a_folder_that_can_only_be_read_is_compared_and_shown(read_only: Path, tmp_path: Path) -> None:
    before = contents(read_only)
    compared = call("compare", read_only)
    assert compared.exit_code == 0
    assert "good" in compared.output
    lines = compared.output.strip().splitlines()
    assert lines[-2].startswith("This analysis at 8 seeds spends 0.035 of the level 0.05"), lines
    assert lines[-1].startswith(f"Not recorded: {read_only}/comparison.json cannot be written: Read-only file system"), lines
    assert json.loads(CliRunner().invoke(main, ["compare", str(read_only), "--json"]).stdout)["baseline"] == "none"
    for verb in (["show", read_only], ["show", read_only / "good" / "seed-1"], ["list", "--runs", read_only.parent, "--check"]):
        assert call(*verb).exit_code == 0, verb
    assert call("report", read_only, "--to", tmp_path / "report.html").exit_code == 0
    assert "good" in (tmp_path / "report.html").read_text()
    printed = call("report", read_only)
    assert printed.exit_code == 0
    assert compared.output.splitlines()[0] in printed.output
    told = f"No HTML file is written: {read_only}/report.html cannot be written: Read-only file system; --to FILE names"
    assert printed.output.splitlines()[-1].startswith(told), printed.output
    refused = call("report", read_only, "--to", read_only / "other.html")
    assert (refused.exit_code, "cannot be written: Read-only file system" in refused.output) == (1, True)
    assert contents(read_only) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere; a file system that refuses stands for it")
def test_a_folder_without_permission_is_compared(experiment: Path) -> None:
    experiment.chmod(0o555)
    try:
        compared = call("compare", experiment)
    finally:
        experiment.chmod(0o755)
    assert compared.exit_code == 0
    assert "Not recorded: " in compared.output


def test_what_an_analysis_spends_is_said_once_where_it_is_spent(experiment: Path, make: Any) -> None:
    first, again = (call("compare", experiment).output for _ in range(2))
    assert "This analysis at 8 seeds spends 0.035 of the level 0.05 that the question 'test_perplexity against none'" in first
    assert "spends" not in again
    assert "spends 0.035" in call("compare", experiment, "--metric", "loss").output
    few = make.experiment({"none": 0.0, "good": -20.0}, name="few", seeds=3)
    assert "This analysis" not in call("report", few).output


def test_a_variant_that_was_moved_away_and_linked_back_is_read(experiment: Path, tmp_path: Path) -> None:
    plain = call("compare", experiment, "--json")
    scratch = tmp_path / "scratch"
    shutil.move(experiment / "good", scratch)
    (experiment / "good").symlink_to(scratch)
    (tmp_path / "linked").symlink_to(experiment)
    before = contents(scratch)
    for place in (experiment, tmp_path / "linked"):
        assert call("compare", place, "--json").stdout == plain.stdout
        assert call("show", place).exit_code == 0
        assert call("show", place / "good" / "seed-1").exit_code == 0
        assert call("report", place).exit_code == 0
    [row] = json.loads(call("list", "--runs", experiment.parent, "--json").output)
    assert (row["variants"], row["done"]) == (2, 16)
    assert contents(scratch) == before, "nothing is written through the link"


def test_withdrawn_runs_are_not_unfinished_for_ever(make: Any) -> None:
    folder = make.experiment({"none": 0.0, "good": -20.0}, seeds=3)
    (folder / "good" / "seed-3" / store.RESULT).unlink()
    shutil.copytree(folder / "good", folder / "given-up")
    (folder / "none" / "seed-9").mkdir()
    [row] = json.loads(call("list", "--runs", folder.parent, "--json").output)
    assert (row["variants"], row["done"], row["unfinished"]) == (2, 5, 1)
    status = {(run["variant"], run["seed"]): run["status"] for run in json.loads(call("show", folder, "--json").output)}
    assert status["good", 3] == "unfinished"
    assert status["none", 9] == status["given-up", 3] == "withdrawn"


@pytest.fixture
def cluttered(make: Any) -> Path:
    """An experiment with something stale of every kind, and much that is not."""
    folder = Path(make.experiment({"none": 0.0, "good": -20.0}, seeds=3))
    for name in ("none/seed-9", "given-up/seed-1"):
        shutil.copytree(folder / "none" / "seed-1", folder / name)
    (folder / "given-up" / "mean").mkdir()
    (folder / "none" / "seed-9" / "notes.txt").write_text("mine")
    states(folder / "none" / "seed-1")
    states(folder / "good" / "seed-2")
    (folder / "good" / "seed-2" / store.RESULT).unlink()
    (folder / "good" / "seed-3" / ".result.json.0badcafe.partial").write_bytes(b"half")
    (folder / "_replaced" / "2026-01-01" / "none").mkdir(parents=True)
    (folder / "_replaced" / "2026-01-01" / "none" / "result.json").write_text("{}")
    (folder / ".experiment.yaml.0badcafe.partial").write_bytes(b"perhaps somebody writes it now")
    return folder


def states(run: Path) -> None:
    (run / store.CHECKPOINT).mkdir()
    for name in ("state", "state.previous"):
        (run / store.CHECKPOINT / name).write_bytes(bytes(1_000_000))
    result = sealed.unseal((run / store.RESULT).read_text())
    store.write_result(run, RunResult.of({**result, "weights": {"sha256": "", "bytes": 3}}))
    (run / store.WEIGHTS).write_bytes(b"abc")


STALE = {
    "none/seed-9": "a run of a withdrawn seed or variant",
    "given-up/seed-1": "a run of a withdrawn seed or variant",
    "none/seed-1/checkpoint": "the state of a finished run",
    "good/seed-3/.result.json.0badcafe.partial": "half-written, left by a kill",
    "_replaced/2026-01-01": "runs moved aside",
}


def test_what_is_stale_is_listed_with_its_size_and_removed_after_a_question(cluttered: Path) -> None:
    before = contents(cluttered)
    rows = json.loads(CliRunner().invoke(main, ["clean", str(cluttered), "--json", "--dry-run"]).stdout)
    assert {str(Path(row["path"]).relative_to(cluttered)): row["what"] for row in rows} == STALE
    assert next(row["megabytes"] for row in rows if row["path"].endswith("checkpoint")) == 2.0
    assert CliRunner().invoke(main, ["clean", str(cluttered)], input="n\n").exit_code == 1
    assert contents(cluttered) == before
    done = CliRunner().invoke(main, ["clean", str(cluttered)], input="y\n")
    assert done.exit_code == 0, done.output
    assert "Remove 5 things, 2.0 MB?" in done.output
    gone = {path for path in before if path not in contents(cluttered)}
    assert all(any(str(path.relative_to(cluttered)).startswith(name) for name in STALE) for path in gone)
    assert (cluttered / "none" / "seed-9" / "notes.txt").read_text() == "mine"
    assert not (cluttered / "given-up").exists()
    assert not any((cluttered / name).exists() for name in STALE if name != "none/seed-9")
    assert (cluttered / "good" / "seed-2" / store.CHECKPOINT / "state").exists(), "it has not ended"
    (cluttered / "none" / "seed-9" / "notes.txt").unlink()
    assert call("clean", cluttered.parent, "--yes").exit_code == 0
    assert call("clean", cluttered.parent).output == "There is nothing to remove.\n"


def test_what_a_process_works_on_stays(cluttered: Path) -> None:
    with Lock(cluttered / "given-up" / "seed-1") as lock:
        assert lock.take()
        assert "given-up" not in call("clean", cluttered, "--yes").output
        assert (cluttered / "given-up" / "seed-1" / store.RESULT).exists()
    assert "given-up" in call("clean", cluttered, "--yes").output
    assert not (cluttered / "given-up").exists()


def test_a_folder_without_experiments_is_refused(tmp_path: Path) -> None:
    refused = call("clean", tmp_path)
    assert (refused.exit_code, "holds no experiment" in refused.output) == (2, True)
