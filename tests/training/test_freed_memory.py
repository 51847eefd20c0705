"""What a step has freed stays with the process."""

import os
import platform
import subprocess
import sys
from pathlib import Path
from queue import SimpleQueue

import pytest

from rnnlab import backend
from rnnlab.bench import whole
from rnnlab.config import load
from rnnlab.sweep.executors import ray_tasks, worker_process
from rnnlab.training import freed_memory

PAGES = """
import resource
for turn in range(3):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    buffers = [bytearray(b"1") * (48 * 2**20) for _ in range(2)]
    del buffers
    pages = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(pages)
"""


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in freed_memory.VARIABLES:
        monkeypatch.delenv(name, raising=False)


def pages(environment: dict[str, str], first: str = "") -> int:
    """The pages that a process takes anew for two blocks of 48 MiB that it has had before, after some `first` lines."""
    command = [sys.executable, "-c", first + PAGES]
    return int(subprocess.run(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, check=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is set")
@pytest.mark.parametrize("threads", [1, 2])
def test_blocks_that_were_freed_are_taken_again_without_new_pages(threads: int) -> None:
    assert pages({}) > 10000
    assert pages(freed_memory.environment(threads)) < 100


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is set")
@pytest.mark.parametrize(
    ("loaded", "user", "kept"),
    [(False, {}, True), (False, {"KERAS_BACKEND": "jax"}, True), (True, {}, False), (False, {"MALLOC_TOP_PAD_": "0"}, False)],
)
def test_a_process_that_trains_by_itself_keeps_them_too(loaded: bool, user: dict[str, str], kept: bool) -> None:
    """Not one that has loaded Keras before, and is therefore somebody's notebook or script."""
    script = "import sys; from rnnlab.training.threads import prepare\n"
    script += 'sys.modules["keras"] = sys\n' * loaded + "prepare(1)\n"
    assert (pages(user, script) < 100) == kept


@pytest.mark.parametrize("name", freed_memory.VARIABLES)
def test_settings_of_the_environment_take_precedence(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert freed_memory.environment(1)
    monkeypatch.setenv(name, "")
    assert freed_memory.environment(1) == {}


@pytest.mark.parametrize(("on", "heaps"), [("jax", "2"), ("tensorflow", None)])
def test_threads_share_heaps_on_jax_alone(on: str, heaps: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "current", lambda: on)
    assert freed_memory.environment(2).get("MALLOC_ARENA_MAX") == heaps
    monkeypatch.setattr(backend, "current", lambda: "another")
    assert freed_memory.environment(2, on).get("MALLOC_ARENA_MAX") == heaps


@pytest.mark.parametrize(("on", "heaps"), [("jax", "1"), ("tensorflow", None)])
def test_a_bench_of_a_whole_sweep_keeps_it_as_a_worker_of_its_backend(on: str, heaps: str | None, root: Path) -> None:
    ours, plain = whole._environments(load(root / "configs/quickstart.yaml", [f"backend={on}"])).values()
    assert (ours.get("MALLOC_ARENA_MAX"), ours["MALLOC_MMAP_MAX_"]) == (heaps, "0")
    assert not plain.keys() & {*freed_memory.VARIABLES}


def test_workers_keep_what_they_free(monkeypatch: pytest.MonkeyPatch) -> None:
    class AskedError(Exception):
        pass

    def started(command: list[str], env: dict[str, str], **_: object) -> None:
        raise AskedError(env)

    monkeypatch.setattr(subprocess, "Popen", started)
    with pytest.raises(AskedError) as asked:
        worker_process.Process(SimpleQueue(), 2, {})
    expected = freed_memory.environment(2)
    for environment in (asked.value.args[0], ray_tasks.environment(2)):
        assert expected.items() <= environment.items()
