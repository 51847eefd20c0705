"""What version 0.1 wrote (the folder beside this file is its own) is refused in one clear line, and left as it is."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from rnnlab.cli import main
from rnnlab.config.identity import SCHEMA
from rnnlab.storage import store

OLD = Path(__file__).parent / "version_0_1"
RUN = Path("runs/old/none/seed-1")
TOLD = "seed-1 was made by rnnlab 0.1, whose results this version does not read; rnnlab run with --replace moves it aside"
CONFIG: dict[str, Any] = {
    "name": "old",
    "data": {"name": "adding", "length": 8, "examples": {"train": 64, "validation": 32, "test": 32}, "batch_size": 16},
    "model": {"recurrent": [{"cell": "lstm", "units": 4}]},
    "training": {"optimizer": {"name": "adam", "learning_rate": 0.01}, "epochs": 1, "monitor": "loss"},
    "compare": {"baseline": "none", "variants": {"none": {}, "some": {"recurrent_dropout": 0.2}}, "seeds": 1},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with the runs of version 0.1 and the config that they were made from."""
    shutil.copytree(OLD, tmp_path / "runs")
    (tmp_path / "old.yaml").write_text(yaml.safe_dump(CONFIG))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


VERBS = [
    ("compare", "runs/old"),
    ("report", "runs/old"),
    ("show", "runs/old"),
    ("show", RUN),
    ("predict", RUN, "--split", "test"),
    ("verify", RUN),
    ("inspect", RUN),
    ("inspect", "runs/old"),
    ("export", RUN),
]


@pytest.mark.parametrize("ended", [True, False], ids=["ended", "killed"])
@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: " ".join(map(str, verb[:2])))
def test_every_verb_refuses_it_in_one_line(verb: tuple[object, ...], ended: bool, folder: Path) -> None:
    if not ended:
        (RUN / store.RESULT).unlink()
    before = contents(folder)
    done = call(*verb)
    assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output
    assert TOLD in done.output
    assert contents(folder) == before


def test_it_is_told_in_the_list(folder: Path) -> None:
    before = contents(folder)
    done = call("list")
    assert done.exit_code == 0
    assert TOLD in done.output
    assert contents(folder) == before


def test_run_refuses_it_before_anything_is_written(folder: Path) -> None:
    before = contents(folder)
    done = call("run", "old.yaml")
    assert done.exit_code == 2
    assert f"  schema: 1 -> {SCHEMA} (another version of rnnlab made what is there)\n" in done.output
    assert "  --replace  moves them into runs/old/_replaced, and makes the new runs in their places\n" in done.output
    assert contents(folder) == before


def test_a_run_of_a_later_version_is_refused_too(folder: Path) -> None:
    (RUN / store.RESULT).unlink()
    (RUN / store.RUN).write_text(yaml.safe_dump({**yaml.safe_load((RUN / store.RUN).read_text()), "schema": SCHEMA + 1}))
    assert f"was made by another rnnlab (schema {SCHEMA + 1}, not {SCHEMA})" in call("show", "runs/old").output


@pytest.mark.slow
@pytest.mark.usefixtures("in_this_process")
def test_replace_moves_it_aside_and_makes_it_again(folder: Path) -> None:
    result = (RUN / store.RESULT).read_bytes()
    assert call("run", "old.yaml", "--replace").exit_code == 0
    assert [run.result and run.result.status for run in store.read("runs/old").runs] == ["done", "done"]
    (moved,) = Path("runs/old/_replaced").glob("*/none/seed-1/result.json")
    assert moved.read_bytes() == result
