"""Which executor makes the runs, and the real worker processes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from chaos.small import bits
from sweep.test_sweep import DOCUMENT, experiment

from rnnlab.config import ConfigError, load
from rnnlab.errors import UserError
from rnnlab.sweep.executors import choose, executor, local, worker_process
from rnnlab.sweep.executors.in_process import InProcess
from rnnlab.sweep.executors.local import Local
from rnnlab.sweep.job import Job
from rnnlab.sweep.sweep import run
from rnnlab.training import threads


@pytest.fixture
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "cores", lambda: 8)
    monkeypatch.setattr(choose, "gpus", list)
    monkeypatch.setattr(choose, "_holds", lambda threads: True)  # as in a process whose backend has not started


@pytest.mark.usefixtures("eight_cores")
@pytest.mark.parametrize(
    ("sections", "workers"),
    [
        ({}, 4),
        ({"executor": {"name": "in_process"}}, None),
        ({"executor": {"workers": 3}}, 3),
        ({"executor": {"workers": 1}}, 1),
        ({"training": {"threads": 3}}, 2),
        ({"training": {"threads": 8}}, None),
        ({"compare": {"variants": {"none": {}}, "seeds": 1}}, None),
        ({"compare": {"variants": {"none": {}, "wide": {"training.threads": 8}}}}, 1),
    ],
)
def test_as_many_workers_as_the_cores_hold(sections: dict, workers: int | None, tmp_path: Path) -> None:
    jobs = jobs_of(tmp_path, **sections)
    chosen = executor(load(tmp_path / "small.yaml").config.executor, jobs)
    if workers is None:
        assert isinstance(chosen, InProcess)
    else:
        assert isinstance(chosen, Local)
        assert len(chosen._slots) == workers


def jobs_of(folder: Path, **sections: dict) -> list[Job]:
    base = {**DOCUMENT, "executor": {}}
    document = {**base, **{name: {**base[name], **section} for name, section in sections.items()}}
    (folder / "small.yaml").write_text(yaml.safe_dump(document))
    return [Job(spec, folder, None) for spec in load(folder / "small.yaml").runs()]


def test_every_worker_has_a_gpu_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,5")
    jobs = jobs_of(tmp_path)
    chosen = executor(load(tmp_path / "small.yaml").config.executor, jobs)
    assert isinstance(chosen, Local)
    assert [chosen._device(slot) for slot in range(2)] == [{"CUDA_VISIBLE_DEVICES": name} for name in ("2", "5")]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert choose.gpus() == []


def experiment_file(folder: Path) -> Path:
    experiment(folder)
    return folder / "small.yaml"


def test_threads_that_one_process_cannot_have_are_refused(tmp_path: Path) -> None:
    sections = {"compare": {"variants": {"none": {}, "wide": {"training.threads": 2}}}, "executor": {"name": "in_process"}}
    jobs = jobs_of(tmp_path, **sections)
    with pytest.raises(UserError, match=r"variants differ in training\.threads"):
        executor(load(tmp_path / "small.yaml").config.executor, jobs)


def test_threads_that_come_too_late_are_refused() -> None:
    import keras

    keras.ops.add(1.0, 1.0)  # the backend has started
    threads.use(1)
    with pytest.raises(UserError, match=r"training.threads is 7, but \w+ has started with another number in this process"):
        threads.use(7)


def test_an_executor_belongs_to_no_run(tmp_path: Path) -> None:
    path = experiment_file(tmp_path)
    prints = {tuple(run.fingerprint for run in load(path, [f"executor.name={name}"]).runs()) for name in ("local", "ray")}
    assert len(prints) == 1
    with pytest.raises(
        ConfigError, match=r"executor.name: unknown name 'locl' \(did you mean local\?\); allowed: in_process, local, ray"
    ):
        load(path, ["executor.name=locl"])
    with pytest.raises(ConfigError, match=r"unknown key 'worker' \(did you mean workers"):
        load(path, ["executor={name: local, worker: 2}"])


@pytest.mark.process
def test_a_process_of_its_own_and_one_that_verifies_draw_the_weights_of_a_worker(tmp_path: Path) -> None:
    """On several cores LAPACK rounds large orthogonal weights otherwise, unless it is limited as it is loaded."""
    model = {"recurrent": [{"units": 150, "implementation": "auto"}]}
    experiment(tmp_path, model=model, compare={"seeds": 1}, training={"epochs": 1})
    free = {name: value for name, value in os.environ.items() if name not in threads.environment(1)} | {"KERAS_BACKEND": "jax"}

    def rnnlab(*words: str) -> str:
        command = [sys.executable, "-m", "rnnlab", *words]
        done = subprocess.run(command, cwd=tmp_path, env=free, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    drawn = []
    for name, own in (("there", "{name: local, workers: 1}"), ("here", "{name: in_process}")):
        rnnlab("run", "small.yaml", "--only", "none", "--runs", name, f"executor={own}")
        drawn.append(json.loads((tmp_path / name / "small" / "none" / "seed-1" / "result.json").read_text())["initial_weights"])
    assert drawn[0] == drawn[1]
    assert "first weights agree" in rnnlab("verify", "there/small/none/seed-1")


@pytest.mark.process
def test_a_real_worker_starts_once_and_gives_the_bits_of_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two workers and more are proved in tests/chaos, by forks."""
    started: list[int] = []

    class Counted(worker_process.Process):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            started.append(self._process.pid)

    monkeypatch.setattr(local, "Process", Counted)
    monkeypatch.setattr(sys, "argv", command := ["rnnlab", "run", "small.yaml"])
    for name, section in (("here", {}), ("there", {"name": "local", "workers": 1})):
        (tmp_path / name).mkdir()
        made = experiment(tmp_path / name, compare={"seeds": 1}, executor=section)
        assert run(made, tmp_path / name / "runs").made == 2
    assert len(started) == 1
    assert capsys.readouterr().out.count("epoch 2/2") == 4
    origins = [yaml.safe_load(path.read_text()) for path in (tmp_path / "there").glob("runs/small/*/*/run.yaml")]
    assert [origin["command"] for origin in origins] == [command] * 2
    assert bits(tmp_path / "there") == bits(tmp_path / "here")
