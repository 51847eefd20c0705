"""What `plan` says of runs that are there: what is not known yet, and on which backend they are made."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from sweep.untrained import swept

from rnnlab.cli import main
from rnnlab.config import load
from rnnlab.storage.run_result import RunResult
from rnnlab.sweep import makers
from rnnlab.sweep.plan import in_the_way

pytestmark = pytest.mark.usefixtures("folder")


def test_plan_says_what_is_not_known_until_the_data_are_prepared(folder: Path) -> None:
    def planned(*overrides: str) -> tuple[str, list[tuple[int, int, int]], str]:
        text, rows = (CliRunner().invoke(main, ["plan", "c.yaml", *overrides, *more]) for more in ([], ["--json"]))
        counts = [(row["done"], row["missing"], row["unknown"]) for row in json.loads(rows.stdout)]
        return text.stdout.splitlines()[-1], counts, text.stderr

    swept()
    assert planned()[:2] == ("nothing is left to make", [(2, 0, 0)] * 2)
    shutil.rmtree(folder / "data" / "prepared")
    unsure = "whether 4 of {} runs are left is not known until the data are prepared"
    assert planned()[:2] == (unsure.format(4), [(0, 0, 2)] * 2)
    left = "2 of 6 runs are left, 1 at a time: the duration is known once a run has finished; "
    assert planned("compare.seeds=3")[:2] == (left + unsure.format(6), [(0, 1, 2)] * 2)
    told, counts, stderr = planned("training.epochs=2")
    assert (told.split(",")[0], counts) == ("4 of 4 runs are left", [(0, 2, 0)] * 2)
    assert "training.epochs: 1 -> 2" in stderr
    assert swept().made == 0


def test_run_and_plan_say_what_looks_odd_in_the_data(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.csv").write_text((folder / "a.csv").read_text().replace("number 1,pos", "number 1,Pos") + "a film,Pos\n" * 20)
    odd = "'Pos' and 'pos' are different labels"
    swept()
    assert capsys.readouterr().out.count(odd) == 1
    swept()
    assert odd not in capsys.readouterr().out  # nothing is left to make
    assert CliRunner().invoke(main, ["plan", "c.yaml"]).stderr.count(odd) == 1


def test_plan_says_the_backend(folder: Path) -> None:
    for name in ("tensorflow", "jax"):
        text, rows = (CliRunner().invoke(main, ["plan", "c.yaml", f"backend={name}", *more]) for more in ([], ["--json"]))
        assert f"\nbackend: {name}\n" in text.stdout
        assert [row["backend"] for row in json.loads(rows.stdout)] == [name] * 2


def test_runs_are_compared_with_what_makes_them_on_the_backend_of_the_config() -> None:
    experiment = load("c.yaml", ["backend=jax"])

    def told(made_on: str) -> list[str]:
        result = RunResult(status="done", makers=makers.present(made_on).makers)
        return in_the_way(experiment, "runs", dict.fromkeys(experiment.runs(), result))

    assert told("jax") == []
    (line,) = told("tensorflow")
    assert "backend tensorflow, now jax" in line
