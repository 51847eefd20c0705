"""A disk that is full or refuses stops the sweep with one line, and the same command ends it once the disk works."""

import errno
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chaos.forker import Forker
from chaos.small import bits, command, config
from rnnlab import files, sealed
from rnnlab.errors import StorageError, UserError
from rnnlab.training.checkpoint import Slot

pytestmark = pytest.mark.slow

Whole = tuple[Path, list[Any]]


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A folder on a small disk of its own, where mounting is allowed; at first without room for many files."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m,nr_inodes=12", "small", folder], capture_output=True, text=True
    )
    if mount.returncode:
        pytest.skip(f"mounting is not allowed here: {mount.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def remount(folder: Path, option: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{option}", folder], check=True)


def refused(log: Path, reason: str) -> None:
    """The last try ended with one line that says which file and why."""
    said = log.read_text()
    log.unlink()
    assert "Traceback" not in said
    assert [line for line in said.splitlines() if reason in line] == said.splitlines()[-1:], said


def test_a_full_disk_stops_the_sweep_and_more_room_ends_it(mounted: Path, whole: Whole, forker: Forker, tmp_path: Path) -> None:
    config(mounted)
    tries = 0
    for count, kilobytes in [*((few, 2000) for few in (12, 15, 18, 21)), *((999, more) for more in (8, 16, 32, 64, 2000))]:
        used = shutil.disk_usage(mounted).used // 1024
        remount(mounted, f"nr_inodes={count},size={used + kilobytes}k")
        ended = forker.run(command(mounted), tmp_path / "log")
        if ended == 0:
            break
        assert ended == 1, (count, kilobytes, (tmp_path / "log").read_text())
        refused(tmp_path / "log", "No space left on device")
        assert not [*mounted.rglob("*.partial")]
        assert not [path for path in mounted.rglob("result.json") if '"failed"' in path.read_text()]
        tries += 1
    assert tries >= 5
    assert bits(mounted) == whole[1]


def test_a_disk_that_takes_no_large_file_is_as_good_as_full(whole: Whole, forker: Forker, tmp_path: Path) -> None:
    """Where mounting is not allowed, the kernel's limit on the size of a file does the same."""
    config(tmp_path)
    for limit in (700, 4000, 12900):
        first = f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))"
        assert forker.run(command(tmp_path), tmp_path / "log", first) == 1
        refused(tmp_path / "log", "cannot be written: File too large")
    assert forker.run(command(tmp_path), tmp_path / "log") == 0
    assert bits(tmp_path) == whole[1]


def test_a_folder_that_only_can_be_read_is_refused_before_anything_heavy(mounted: Path, forker: Forker, tmp_path: Path) -> None:
    config(mounted)
    (mounted / "runs").mkdir()
    remount(mounted, "ro")
    try:
        assert forker.run(command(mounted), tmp_path / "log") == 2
    finally:
        remount(mounted, "rw")
    refused(tmp_path / "log", "cannot be made: Read-only file system")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere; the read-only disk stands for it")
def test_a_folder_without_permission_is_refused(forker: Forker, tmp_path: Path) -> None:
    config(tmp_path)
    (tmp_path / "runs" / "small").mkdir(parents=True)
    (tmp_path / "runs" / "small").chmod(0o555)
    assert forker.run(command(tmp_path), tmp_path / "log") == 2
    refused(tmp_path / "log", "cannot be written: no permission")


def test_what_is_appended_is_there_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "events.jsonl"
    sealed.append(path, {"event": "epoch", "epoch": 1})
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match=r"events\.jsonl cannot be written: No space left on device"):
        sealed.append(path, {"event": "epoch", "epoch": 2})
    assert path.read_bytes() == before
    monkeypatch.undo()
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="symbolic links"):
        sealed.append(path, {"event": "epoch", "epoch": 2})
    assert (tmp_path / "elsewhere").read_bytes() == before


def test_ctrl_c_in_a_save_leaves_the_last_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slot = Slot(tmp_path / "state", "me")
    slot.write({"epoch": 1, "batch": 0})
    for name in ("fsync", "replace"):  # while the bytes are written, and while they take their place

        def interrupted(*what: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(os, name, interrupted)
        with pytest.raises(KeyboardInterrupt):
            slot.write({"epoch": 2, "batch": 0})
        monkeypatch.undo()
        assert Slot(slot.path, "me").position == (1, 0)
        assert not [*tmp_path.glob(".*")]


class Killed(BaseException):
    """What a kill is to the code it hits: nothing of it runs any more."""


def steps_of_saves(monkeypatch: pytest.MonkeyPatch, last: int) -> list[str]:
    """What is asked of the disk from now on, up to the last step that the process lives to see."""
    taken: list[str] = []

    def stepping(name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        def taking(what: Any, *rest: Any) -> Any:
            if len(taken) == last:
                raise Killed
            folder = isinstance(what, int) and stat.S_ISDIR(os.fstat(what).st_mode)
            taken.append(f"{name} folder" if folder else name)
            return step(what, *rest)

        return taking

    for name in ("fsync", "replace", "unlink"):
        monkeypatch.setattr(os, name, stepping(name, getattr(os, name)))
    return taken


@pytest.mark.parametrize("last", range(5))
def test_a_kill_between_any_two_steps_of_a_save_leaves_a_whole_state(
    last: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes are on the disk before they take the place of others, and the names after, so a power cut finds the same."""
    slot = Slot(tmp_path / "state", "me")
    for epoch in (1, 2):
        slot.write({"epoch": epoch, "batch": 0})
    taken = steps_of_saves(monkeypatch, last)
    with pytest.raises(Killed):
        slot.write({"epoch": 3, "batch": 0})
    monkeypatch.undo()
    assert taken == ["fsync", "replace", "replace", "fsync folder", "unlink"][:last]
    again = Slot(slot.path, "me")
    assert again.damaged == []
    assert again.position == (3 if last > 2 else 2, 0)
    again.write({"epoch": 4, "batch": 0})
    assert Slot(slot.path, "me").position == (4, 0)


@pytest.mark.parametrize(("number", "full"), [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EACCES, False)])
def test_a_folder_that_cannot_be_made_is_told_by_its_reason(
    number: int, full: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*what: object, **how: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(UserError, match=f"cannot be made: {os.strerror(number)}") as caught:
        files.make(tmp_path / "new")
    assert isinstance(caught.value, StorageError) == full
