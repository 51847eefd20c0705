"""A package of a user's own from its installation to the export of a run."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from chaos.forker import FORKED, Forker

PARTS = Path(__file__).with_name("own_parts.txt")
SETUP = """[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "own-parts"
version = "1"
[project.entry-points."rnnlab.plugins"]
own = "own_parts.parts"
[tool.setuptools]
packages = ["own_parts"]
"""
EXPERIMENT = """name: own
data: {name: walk, steps: 6, examples: {train: 64, validation: 16, test: 16}}
model: {recurrent: [{cell: mgu, units: 3}]}
training: {epochs: 2}
evaluation: {metrics: [within_one]}
compare:
  seeds: 1
  variants: {none: {}, mine: {recurrent_dropout: {scheme: mine}}}
executor: {name: local, workers: 2}
"""
PLAIN = """name: plain
data: {name: adding, length: 5, examples: {train: 64, validation: 16, test: 16}}
model: {recurrent: [{units: 3}]}
training: {epochs: 1}
compare: {seeds: 1}
executor: {name: in_process}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the package installed in `site`, and two experiments: one of its parts, and one without."""
    folder = tmp_path_factory.mktemp("outside")
    package = folder / "source" / "own_parts"
    package.mkdir(parents=True)
    (package.parent / "pyproject.toml").write_text(SETUP)
    (package / "__init__.py").write_text("")
    (package / "parts.py").write_text(PARTS.read_text())
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--target", folder / "site", package.parent], check=True)
    (folder / "own.yaml").write_text(EXPERIMENT)
    (folder / "plain.yaml").write_text(PLAIN)
    return folder


def environment(place):
    paths = [str(place / "site"), str(Path(__file__).parents[2])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "TF_CPP_MIN_LOG_LEVEL": "3"}


@pytest.fixture(scope="module")
def forker(place) -> Iterator[Forker]:
    """Starts commands, and their workers, without importing TensorFlow again for each."""
    with pytest.MonkeyPatch.context() as there:
        there.setenv("PYTHONPATH", environment(place)["PYTHONPATH"])
        server = Forker("tensorflow")
    yield server
    server.close()


def here(place):
    """What a fork executes first: it works in the folder, and its workers too are forks."""
    return f"os.chdir({str(place)!r})\n{FORKED}\n"


def rnnlab(forker, place, *words):
    log = place / f"{len([*place.iterdir()])}.log"
    assert forker.run([*words], log, here(place)) == 0, log.read_text()
    return log.read_text()


def results(place, experiment="own"):
    return {path.parts[-3]: json.loads(path.read_text()) for path in (place / "runs" / experiment).glob("*/seed-1/result.json")}


@pytest.mark.slow
@pytest.mark.process
def test_an_installed_package_goes_all_the_way(forker, place):
    command = ["run", "own.yaml", "training.epochs=40", "training.checkpoint.every_minutes=0"]
    killed, end = forker.start(command, place / "killed.log", here(place)), time.monotonic() + 120
    while not list((place / "runs" / "own").glob("*/seed-1/checkpoint/state*")) and time.monotonic() < end:
        time.sleep(0.1)
    os.killpg(killed, signal.SIGKILL)
    assert forker.wait() == -signal.SIGKILL
    rnnlab(forker, place, *command)
    first = results(place)
    assert {name: result["status"] for name, result in first.items()} == {"none": "done", "mine": "done"}
    assert all(0 <= result["metrics"]["test_within_one"] <= 1 for result in first.values())
    assert "within one" in rnnlab(forker, place, "compare", "runs/own", "--metric", "within_one")
    rnnlab(forker, place, "inspect", "runs/own/none/seed-1")
    rnnlab(forker, place, "export", "runs/own/none/seed-1")
    assert (place / "runs/own/none/seed-1/export/keras/model.keras").exists()


@pytest.mark.slow
@pytest.mark.process
def test_a_change_makes_its_runs_again_and_no_others(forker, place):
    code = "import rnnlab\nassert rnnlab.run('own.yaml', runs='runs').runs().test_within_one.notna().all()\nos._exit(0)"
    (place / "own.yaml").write_text(EXPERIMENT.replace("name: own", "name: changed"))
    assert forker.run([], place / "python.log", here(place) + code) == 0, (place / "python.log").read_text()
    rnnlab(forker, place, "run", "plain.yaml")
    first = results(place, "changed")
    files = {path: path.read_bytes() for path in (place / "runs").glob("*/*/seed-1/result.json") if path.parts[-4] != "own"}
    parts = place / "site" / "own_parts" / "parts.py"
    parts.write_text(parts.read_text().replace("h_new = held((1 - f) * h + f * g", "h_new = held((1 - f) * h + 2 * f * g"))
    assert "moved" in rnnlab(forker, place, "run", "own.yaml")
    rnnlab(forker, place, "run", "plain.yaml")
    assert {path.parts[-4] for path, before in files.items() if path.read_bytes() != before} == {"changed"}
    second = results(place, "changed")
    assert all(second[name]["metrics"]["test_loss"] != first[name]["metrics"]["test_loss"] for name in first)
