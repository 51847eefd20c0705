"""Whatever thread or process dies, the sweep hears of it, and ends or goes on."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sweep.test_executors import jobs_of

from rnnlab.config import load
from rnnlab.progress.lines import Lines, RunLine
from rnnlab.storage import store
from rnnlab.storage.lease import Lock, LostError
from rnnlab.storage.run_result import RunResult
from rnnlab.sweep.executors import ray_tasks, worker_process
from rnnlab.sweep.executors.local import Local
from rnnlab.sweep.executors.protocol import Heard
from rnnlab.sweep.job import Job
from rnnlab.sweep.sweep import run

LIGHT = """
import sys, types
sys.modules["rnnlab.sweep.execute"] = types.ModuleType("execute")
from rnnlab.sweep.executors import worker
worker.main()
"""
"""A worker that can make no run, and so need not import a backend."""
DEAF = """
import json, threading, time
ready = threading.Event()
worker.json = types.SimpleNamespace(dumps=lambda message: (ready.set(), json.dumps(message))[1])
sys.stdin = (ready.wait() and time.sleep(0.5) or 1 / 0 for _ in "x")
worker.main()
"""
"""Goes on with a worker that has begun and then cannot read its input."""
READY = "import sys, time; print('[\"ready\", null]', flush=True); sys.stdin.readline()"
"""A process that takes a job and answers nothing."""


@pytest.fixture(autouse=True)
def _ends_in_time() -> Iterator[None]:
    """A sweep that hangs fails instead."""
    import signal

    def late(*_: object) -> None:
        raise TimeoutError("the sweep hangs")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


class Told(Lines):
    """Remembers what is said."""

    def __init__(self, *of: int) -> None:
        super().__init__(*of)
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def line(self, spec: Any, unit: str, number: int) -> RunLine:
        return RunLine(self, spec, unit, number)


def made(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str, retries: int = 0) -> RunResult:
    """The result of one run by a worker that does what a script says."""
    monkeypatch.setattr(worker_process, "COMMAND", [sys.executable, "-c", script])
    job = jobs_of(folder)[0]
    job = Job(job.spec, folder / "small" / "none" / "seed-1", None)
    job.folder.mkdir(parents=True)
    with Local(1, retries) as local:
        [(same, answer)] = local.make([job], Told(1, 1))
    assert same is job or retries
    assert answer.result == store.read_run(job.folder).result
    assert answer.result is not None
    return answer.result


def strange(job: Job) -> dict[str, Any]:
    """A job with a scheme that only the process has registered that gives it."""
    document = KNOWN(job)
    document["spec"]["config"]["model"]["recurrent"][0]["recurrent_dropout"] = {"scheme": "of_a_plug_in", "rate": 0.1}
    return document


KNOWN = Job.document


def test_a_job_that_a_worker_cannot_read_is_a_failed_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Job, "document", strange)
    result = made(tmp_path, monkeypatch, LIGHT)
    assert result.status == "failed"
    assert result.error.startswith("its process cannot read the job: ")
    assert "Traceback" in result.traceback
    assert "of_a_plug_in" in result.traceback


def test_the_other_runs_of_a_sweep_go_on_past_one_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here none can be read, and the same worker says so of every run."""
    monkeypatch.setattr(Job, "document", strange)
    monkeypatch.setattr(worker_process, "COMMAND", [sys.executable, "-c", LIGHT])
    jobs_of(tmp_path, executor={"name": "local", "workers": 1})
    swept = run(load(tmp_path / "small.yaml"), tmp_path / "runs", show=Told)
    assert swept.statuses == {"failed": 4}


def test_a_job_that_a_machine_of_a_cluster_cannot_read_is_a_failed_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["rnnlab"])
    job = Job(jobs_of(tmp_path)[0].spec, tmp_path / "small" / "none" / "seed-1", None)
    job.folder.mkdir(parents=True)
    (tmp_path / "token").touch()
    where = {"token": str(tmp_path / "token"), "cwd": str(tmp_path), "command": ["rnnlab"]}
    answer = Heard(job, Told(1, 1)).hear(*ray_tasks.make(None, "key", strange(job), where))
    assert answer
    assert answer.result is not None
    assert answer.result.status == "failed"
    assert "of_a_plug_in" in answer.result.traceback


def test_a_worker_that_cannot_listen_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = made(tmp_path, monkeypatch, LIGHT.replace("worker.main()", DEAF))
    assert result.error == "its worker process ended with status 1"
    assert "ZeroDivisionError" in result.traceback


def test_a_message_that_cannot_be_read_ends_its_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, message in enumerate(("garbage", "[1]", "\\xff")):
        speaks = f"sys.stdout.buffer.write(b'{message}\\n'); sys.stdout.flush(); time.sleep(600)"
        (tmp_path / str(number)).mkdir()
        result = made(tmp_path / str(number), monkeypatch, f"{READY}; {speaks}")
        assert result.error == "its worker process sent a message that cannot be read"
        assert "Error" in result.traceback


def test_a_worker_that_dies_is_noticed_while_its_child_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child has the worker's output too, so that the output does not end."""
    monkeypatch.setattr(worker_process, "LAST_MESSAGES", 0.2)
    child = tmp_path / "child"
    forks = f"child = os.fork(); child or time.sleep(600); open({str(child)!r}, 'w').write(str(child)); os._exit(7)"
    script = f"{READY}; import os; {forks}"
    try:
        assert made(tmp_path, monkeypatch, script).error == "its worker process ended with status 7"
    finally:
        os.kill(int(child.read_text()), 9)


def test_an_owner_that_can_give_no_signs_of_life_learns_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(file: int) -> None:
        raise RuntimeError("no more signs")

    lock = Lock(tmp_path, beat=0.01)
    assert lock.take()
    lock.check()
    monkeypatch.setattr(os, "utime", broken)
    lock._thread.join(10)
    with pytest.raises(LostError, match=r"can no longer renew its lease[\s\S]*no more signs"):
        lock.check()
    lock.give_back()
