"""A cluster of two machines on loopback loses one in the middle: all results are there, with the bits of one process.

The runs are made on JAX, which resumes exactly too, and whose processes start sooner.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from chaos.small import bits, config, unfinished

from rnnlab.config import load
from rnnlab.config.executor_config import RayConfig
from rnnlab.errors import UserError
from rnnlab.progress.lines import Lines
from rnnlab.storage import listing
from rnnlab.storage.store import read
from rnnlab.sweep.executors import ray_tasks
from rnnlab.sweep.executors.ray_cluster import Ray
from rnnlab.sweep.job import Job
from rnnlab.sweep.sweep import run


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Two machines with a core each, and one that keeps the books."""
    pytest.importorskip("ray", reason="ray is not installed: pip install 'rnnlab[ray]'")
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv(GATE, str(tmp_path / "gate"))
    small = {"include_dashboard": False, "object_store_memory": 100 * 1024**2}
    made = Cluster(initialize_head=True, head_node_args={**small, "num_cpus": 0})
    made.machines = [made.add_node(**small, num_cpus=1) for _ in range(2)]
    yield made
    made.shutdown()


GATE = "RNNLAB_TEST_GATE"
WAITS = """import os
import time
from pathlib import Path

import keras

import rnnlab


@rnnlab.register.callback("waits")
class Waits(keras.callbacks.Callback):
    \"""Waits before the third epoch until the file that the environment names is there; for a minute at most.\"""

    def on_epoch_begin(self, epoch, logs=None):
        gate, end = os.environ.get("RNNLAB_TEST_GATE"), time.monotonic() + 60
        while epoch == 2 and gate and not Path(gate).exists() and time.monotonic() < end:
            time.sleep(0.1)
"""


def waiting(folder: Path, plugin: Path, **sections: dict[str, Any]) -> Path:
    """The small sweep, whose runs wait at the gate."""
    path = config(folder, training={"callbacks": [{"name": "waits"}]}, **sections)
    path.write_text(path.read_text() + f"plugins: [{plugin}]\n")
    plugin.write_text(WAITS)
    return path


class Telling(Lines):
    """Keeps what is said."""

    def say(self, text: str) -> None:
        self.said = [*getattr(self, "said", []), text]


def lose(cluster: Any, folder: Path) -> None:
    """Lose a machine as soon as each has a run of which something is saved, but for the driver's; open the gate."""
    while len(unfinished(folder)) < 2:
        time.sleep(0.05)
    from ray._private.worker import _global_node as mine

    lost = next(one for one in cluster.machines if one.plasma_store_socket_name != mine.plasma_store_socket_name)
    cluster.machines.remove(lost)
    cluster.remove_node(lost, allow_graceful=False)
    Path(os.environ[GATE]).touch()


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The bits of the sweep that one process makes."""
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    alone = (
        "import sys; from rnnlab.config import load; from rnnlab.sweep.sweep import run; run(load(sys.argv[1]), sys.argv[2])"
    )
    path = waiting(tmp_path / "whole", tmp_path / "waits.py")
    subprocess.run([sys.executable, "-c", alone, path, path.parent / "runs"], check=True, capture_output=True)
    return bits(path.parent)


@pytest.mark.cluster
def test_a_lost_machine_costs_no_result_and_no_bit(whole: list[Any], cluster: Any, tmp_path: Path) -> None:
    shown: list[Telling] = []

    def show(runs: int, epochs: int) -> Telling:
        shown.append(Telling(runs, epochs))
        return shown[0]

    path = waiting(tmp_path, tmp_path / "waits.py", executor={"name": "ray", "address": cluster.address, "retries": 3})
    Thread(target=lose, args=(cluster, tmp_path), daemon=True).start()
    made = run(load(path), tmp_path / "runs", show=show)
    assert len(cluster.machines) == 1
    assert made.statuses == {"done": 2}, shown[0].said
    lost = [text for text in shown[0].said if "its worker or machine was lost (" in text]
    assert any("(1 of 3)" in text for text in lost), shown[0].said
    assert [text for text in shown[0].said if "epoch 4/4" in text]
    assert bits(tmp_path) == whole
    assert sum(len(listing.run(folder)["retried"]) for folder in (tmp_path / "runs").glob("small/*/seed-1")) == len(lost)
    assert not [*tmp_path.rglob(".token-*")]


PARTS = """name: own
plugins: [own_parts.py, training_parts.py]
data: {{name: walk, steps: 4, examples: {{train: 32, validation: 16, test: 16}}}}
model: {{recurrent: [{{cell: mgu, units: 3, recurrent_dropout: {{scheme: mine}}}}]}}
training: {{epochs: 2, optimizer: {{name: signs}}, schedule: {{name: triangle}}, callbacks: [{{name: pulled}}]}}
evaluation: {{metrics: [within_one]}}
compare: {{seeds: 2}}
executor: {{name: ray, address: "{address}"}}
"""


@pytest.mark.cluster
def test_parts_of_plug_ins_travel_to_the_machines(cluster: Any, tmp_path: Path) -> None:
    for name in ("own_parts", "training_parts"):
        text = (Path(__file__).parents[1] / "plugins" / f"{name}.txt").read_text()
        (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / "own.yaml").write_text(PARTS.format(address=cluster.address))
    environment = {**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "rnnlab", "run", "own.yaml"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    runs = read(tmp_path / "runs" / "own").runs
    assert [run.result.status for run in runs if run.result] == ["done", "done"]
    assert all(0 <= run.result.metrics["test_within_one"] <= 1 for run in runs if run.result)
    used = {"data set walk", "cell mgu", "noise", "scheme mine", "optimizer signs", "schedule triangle", "callback pulled"}
    assert all(set(run.result.parts) == {*used, "metric within_one"} for run in runs if run.result)
    assert all("pulled" in epoch.train for run in runs for epoch in run.epochs)


def test_a_run_asks_the_cluster_for_cores_and_gpus(tmp_path: Path) -> None:
    asked: list[Any] = []
    task = SimpleNamespace(remote=lambda *arguments: len(asked))
    for section, wanted in (({}, (1, 0)), ({"cpus": 4, "gpus": 0.5}, (4, 0.5))):
        ray = Ray(RayConfig(name="ray", **section))
        ray._told, ray._task = None, SimpleNamespace(options=lambda **options: asked.append(options) or task)
        (spec, *_) = load(config(tmp_path)).runs()
        ray._submit(Job(spec, tmp_path / spec.variant / "seed-1", None), Lines(1, 1))
        assert (asked[-1]["num_cpus"], asked[-1]["num_gpus"]) == wanted
        assert asked[-1]["runtime_env"]["env_vars"]["TF_NUM_INTRAOP_THREADS"] == "1"
        ray._token.unlink()


def test_a_machine_that_does_not_see_the_storage_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_tasks, "PATIENCE", 0.1)
    (tmp_path / "token").touch()
    assert ray_tasks._unseen(tmp_path / "token") == ""
    told = ray_tasks._unseen(tmp_path / "elsewhere" / "token")
    assert f"does not see the storage of the results: {tmp_path}/elsewhere has to be a folder that all machines" in told


def test_without_ray_or_a_cluster_nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"needs Ray: pip install 'rnnlab\[ray\]'"), Ray(RayConfig(name="ray")):
        pass


def test_an_address_at_which_nobody_listens_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that a cluster, dead by now, has left behind."""
    pytest.importorskip("ray", reason="ray is not installed: pip install 'rnnlab[ray]'")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setenv("RAY_ADDRESS", address)
    for given in (address, f"ray://{address}", "auto"):
        with pytest.raises(UserError, match=f"answers at '{given}': .*refused"), Ray(RayConfig(name="ray", address=given)):
            pass
    monkeypatch.delenv("RAY_ADDRESS")
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray" / "ray_current_cluster").write_text(address)
    with pytest.raises(UserError, match=r"answers at 'auto': .*refused"), Ray(RayConfig(name="ray", address="auto")):
        pass
