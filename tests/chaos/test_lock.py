"""One process at a time has the right to write into a folder, whoever is killed, and however wrong the clocks are."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rnnlab.errors import StorageError
from rnnlab.storage import owner
from rnnlab.storage.lease import Lock, LostError

HOLD = """
import sys, time
from pathlib import Path
from rnnlab.storage.lease import Lock
with Lock(Path(sys.argv[1])) as lock:
    print(lock.take(), flush=True)
    time.sleep(60)
"""


@pytest.fixture(params=["flock", "heartbeat", "no hard links"])
def storage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a file system can do."""
    if request.param != "flock":
        monkeypatch.setattr(owner, "lock", lambda file: None)
    if request.param == "no hard links":
        monkeypatch.setattr(os, "link", refuse)
    return str(request.param)


def refuse(*names: object) -> None:
    raise PermissionError(1, "Operation not permitted")


def elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch, beat: float) -> Lock:
    """A right that was taken on another machine, whose kernel locks are not seen here."""
    with monkeypatch.context() as other:
        other.setattr(owner, "kernel", lambda: "another")
        other.setattr(owner, "lock", lambda file: None)
        lock = Lock(folder, beat)
        assert lock.take()
    return lock


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_one_has_it_until_it_gives_it_back(storage: str, tmp_path: Path) -> None:
    one, two = Lock(tmp_path), Lock(tmp_path)
    for number, (mine, other) in enumerate([(one, two), (two, one), (two, one)], 1):
        assert mine.take()
        with mine:
            assert not other.take()
            assert f"process {os.getpid()} on " in other.told
            mine.check()
        assert files(tmp_path) == [f".lock-{number}"]


def test_it_ends_with_its_process(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "True\n"
    lock = Lock(tmp_path)
    assert not lock.take()
    assert f"process {process.pid} on " in lock.told
    process.kill()
    process.communicate()
    assert lock.take()
    with lock:
        assert files(tmp_path) == [".lock-2"]


@pytest.mark.parametrize("clock", [0, -1e6, 1e6])
def test_on_another_machine_the_sign_of_life_counts_by_whatever_clock(
    clock: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch = os.utime
    monkeypatch.setattr(os, "utime", lambda file: touch(file, (time.time() + clock,) * 2))
    theirs, mine = elsewhere(tmp_path, monkeypatch, beat=0.02), Lock(tmp_path, stale=1.0)
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        assert not mine.take()
        time.sleep(0.05)
    theirs._ended.set()  # killed, or cut off from the storage
    theirs._thread.join()
    start = time.monotonic()
    while not mine.take():
        time.sleep(0.02)
    assert 0.9 < time.monotonic() - start < 9
    with mine, pytest.raises(LostError, match="taken over"):
        theirs.check()
    theirs.give_back()
    assert files(tmp_path) == [".lock-2"]


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"host": 1}', b"\xff\x00", b"[" * 4096])
def test_an_owner_that_cannot_be_read_has_it_until_it_is_stale(content: bytes, tmp_path: Path) -> None:
    (tmp_path / ".lock-7").write_bytes(content)
    lock = Lock(tmp_path, stale=0.2)
    assert not lock.take()
    assert lock.told == "another process (its lease expires 0.2 s after the last renewal)"
    time.sleep(0.25)
    assert lock.take()
    with lock:
        assert files(tmp_path) == [".lock-8"]


def test_what_was_taken_and_given_back_meanwhile_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow process saw number 0; until it makes number 1, others had 1 and 2, and 1 is gone."""
    slow, quick = Lock(tmp_path), Lock(tmp_path)
    make = slow._make

    def later(number: int) -> bool:
        for _ in range(2):
            assert quick.take()
            quick.give_back()
        assert quick.take()
        return make(number)

    monkeypatch.setattr(slow, "_make", later)
    assert not slow.take()
    with quick:
        quick.check()
        assert files(tmp_path) == [".lock-3"]


def test_a_folder_that_is_not_there_or_full_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StorageError, match="none cannot be written: No such file or directory"):
        Lock(tmp_path / "none").take()

    def full(file: int, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StorageError, match="No space left on device"):
        Lock(tmp_path).take()
    assert files(tmp_path) == []


WORK = """
import contextlib, os, random, sys, time
from pathlib import Path
from rnnlab.storage import owner
from rnnlab.storage.lease import Lock, LostError
folder, seed, flock = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "flock"
if not flock:
    owner.lock = lambda file: None
rng, lock = random.Random(seed), Lock(folder, beat=0.1, stale=2)
for turn in range(100000):
    if lock.take():
        with lock, contextlib.suppress(LostError):  # a machine so busy that it did not renew the lease
            (folder / "inside").write_text(f"{os.getpid()}")
            time.sleep(rng.uniform(0, 0.01))
            lock.check()
            assert (folder / "inside").read_text() == f"{os.getpid()}", "two were inside"
            with (folder / "log").open("a") as log:
                log.write(f"{os.getpid()}\\n")
    time.sleep(rng.uniform(0, 0.002))
"""


@pytest.mark.process
@pytest.mark.parametrize(("kind", "kills"), [("flock", 12), ("heartbeat", 4)])
def test_never_two_at_once_however_many_are_killed(kind: str, kills: int, tmp_path: Path) -> None:
    rng = random.Random(1)

    def start(seed: int) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", WORK, str(tmp_path), str(seed), kind]
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def entries() -> int:
        return len((tmp_path / "log").read_text().split()) if (tmp_path / "log").exists() else 0

    workers = [start(seed) for seed in range(4)]
    for kill in range(kills):
        before, end = entries(), time.monotonic() + 60
        while entries() < before + 20:
            assert time.monotonic() < end, "nobody gets in any more"
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.02))
        inside = (tmp_path / "inside").read_text()
        victim = next((worker for worker in workers if str(worker.pid) == inside), workers[0])
        workers.remove(victim)
        victim.send_signal(signal.SIGKILL)
        assert victim.communicate()[1] == ""
        workers.append(start(10 + kill))
    for worker in workers:
        assert worker.poll() is None, worker.communicate()[1]
        worker.kill()
        assert worker.communicate()[1] == ""
    assert len([name for name in files(tmp_path) if name.startswith(".lock-")]) <= 3


@pytest.fixture(autouse=True)
def _no_thread_stays() -> Iterator[None]:
    """Every heartbeat ends with its right."""
    before = threading.active_count()
    yield
    assert threading.active_count() == before


def test_the_owner_is_told_by_its_file(tmp_path: Path) -> None:
    with Lock(tmp_path) as lock:
        assert lock.take()
        told = json.loads((tmp_path / ".lock-1").read_bytes())
    assert told["pid"] == os.getpid()
    assert set(told) == {"host", "pid", "since", "kernel"}
