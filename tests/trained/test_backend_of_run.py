"""A verb on a run computes on the backend that the run was made on, where that is still open."""

import csv
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import pytest
import yaml
from trained.small_runs import numbers_run

from rnnlab.errors import UserError
from rnnlab.storage import store
from rnnlab.trained.verify import verify

OTHER = {"tensorflow": "jax", "jax": "tensorflow"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose run.yaml says that another backend than this process's made it."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as there:
        there.chdir(home)
        run = numbers_run(home)[1]
    origin = yaml.safe_load((run / store.RUN).read_text())
    (run / store.RUN).write_text(yaml.safe_dump({**origin, "backend": OTHER[keras.backend.backend()]}))
    result = store.read_run(run).result
    assert result
    store.write_result(run, replace(result, **store.digests(run)))
    return run


def computed_on(run: Path, *arguments: str, **environment: str) -> str:
    """The backend on which a verb has computed in a process of its own, and what it says."""
    code = "import atexit, sys; atexit.register(lambda: print('on', sys.modules['keras'].backend.backend()));"
    code += f"from rnnlab.cli import main; main({[arguments[0], str(run), *arguments[1:]]!r})"
    free = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**free, **environment})
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.splitlines()[-1].removeprefix("on ")


@pytest.mark.process
def test_what_loads_weights_computes_on_the_backend_of_the_run_unless_another_is_set(made: Path) -> None:
    mine = keras.backend.backend()
    predict = ["predict", "--file", str(made.parents[3] / "new.npz"), "--json"]
    assert computed_on(made, *predict) == OTHER[mine]
    assert computed_on(made, *predict, KERAS_BACKEND=mine) == mine


@pytest.mark.process
def test_both_backends_write_the_same_predictions_of_the_test_split(made: Path, tmp_path: Path) -> None:
    split = ["predict", "--split", "test", "--samples", "0", "--output"]
    rows = {}
    for name in OTHER:
        output = tmp_path / f"{name}.csv"
        computed_on(made, *split, str(output), KERAS_BACKEND=name)
        rows[name] = list(csv.DictReader(output.open(newline="")))
    first, second = rows.values()
    assert len(first) == len(second) == 6
    for one, other in zip(first, second, strict=True):
        assert (one["label"], one["truth"]) == (other["label"], other["truth"])
        assert float(one["p(up)"]) == pytest.approx(float(other["p(up)"]), abs=1e-5)


@pytest.mark.process
def test_verify_takes_the_backend_of_the_run_whatever_is_set(made: Path) -> None:
    mine = keras.backend.backend()
    assert computed_on(made, "verify", KERAS_BACKEND=mine) == OTHER[mine]


def test_verify_is_refused_where_keras_is_loaded_on_another_backend(made: Path) -> None:
    mine = keras.backend.backend()
    with pytest.raises(UserError, match=f"made on the backend {OTHER[mine]}, and this process has loaded Keras on {mine}"):
        verify(made)
