"""A cluster of two machines on loopback loses one in the middle: all results are there, with the bits of one process."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from chaos.conftest import forker, whole
from chaos.small import bits, config

from rnnlab.config import RunSpec, load
from rnnlab.config.executor import RayConfig
from rnnlab.errors import UserError
from rnnlab.runs.executors import tasks
from rnnlab.runs.executors.ray import Ray
from rnnlab.runs.progress import Line, Lines
from rnnlab.runs.sweep import run

__all__ = ["forker", "whole"]


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Two machines with a core each, and one that keeps the books."""
    pytest.importorskip("ray", reason="ray is not installed: pip install 'rnnlab[ray]'")
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    small = {"include_dashboard": False, "object_store_memory": 100 * 1024**2}
    made = Cluster(initialize_head=True, head_node_args={**small, "num_cpus": 0})
    made.machines = [made.add_node(**small, num_cpus=1) for _ in range(2)]
    yield made
    made.shutdown()


class Losing(Lines):
    """Loses a machine as soon as both have a run; not the one that the driver is on."""

    cluster: Any = None

    def say(self, text: str) -> None:
        self.said = [*getattr(self, "said", []), text]

    def line(self, spec: RunSpec, unit: str, number: int) -> Line:
        line = Ending(self, spec, unit, number)
        working = [one for one in (*self.shown.values(), line) if not getattr(one, "ended", False)]
        if len(working) == 2 and len(self.cluster.machines) == 2:
            from ray._private.worker import _global_node as mine

            socket = mine.plasma_store_socket_name
            lost = next(machine for machine in self.cluster.machines if machine.plasma_store_socket_name != socket)
            self.cluster.machines.remove(lost)
            self.cluster.remove_node(lost, allow_graceful=False)
        return line


class Ending(Line):
    """Remembers that it has ended."""

    ended = False

    def end(self, result: Mapping[str, Any]) -> None:
        super().end(result)
        self.ended = True


def test_a_lost_machine_costs_no_result_and_no_bit(cluster: Any, whole: tuple[Path, list[Any]], tmp_path: Path) -> None:
    shown: list[Losing] = []

    def show(runs: int, epochs: int) -> Losing:
        shown.append(Losing(runs, epochs))
        shown[0].cluster = cluster
        return shown[0]

    path = config(tmp_path, executor={"name": "ray", "address": cluster.address, "retries": 3})
    made = run(load(path), tmp_path / "runs", show=show)
    assert len(cluster.machines) == 1
    assert made.statuses == {"done": 2}, shown[0].said
    assert any("its worker or machine was lost (" in text and "(1 of 3)" in text for text in shown[0].said), shown[0].said
    assert [text for text in shown[0].said if "epoch 4/4" in text]
    assert bits(tmp_path) == whole[1]
    assert not [*tmp_path.rglob(".token-*")]


def test_a_machine_that_does_not_see_the_storage_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "PATIENCE", 0.1)
    (tmp_path / "token").touch()
    assert tasks._unseen(tmp_path / "token") == ""
    told = tasks._unseen(tmp_path / "elsewhere" / "token")
    assert f"does not see the storage of the results: {tmp_path}/elsewhere has to be a folder that all machines" in told


def test_without_ray_or_a_cluster_nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"needs Ray: pip install 'rnnlab\[ray\]'"), Ray(RayConfig(name="ray")):
        pass
