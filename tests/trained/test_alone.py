"""A run folder is itself wherever it lies, whatever it is called, and from wherever it is used."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from trained.small_runs import numbers_run

from rnnlab.cli import main
from rnnlab.errors import UserError
from rnnlab.storage import store
from rnnlab.trained.loading import ended


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of data that its config names relative to the working directory."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as there:
        there.chdir(home)
        there.setenv("RNNLAB_DATA", str(tmp_path_factory.mktemp("data")))
        numbers_run(home)
    return home / "runs" / "numbers" / "none" / "seed-1"


@pytest.mark.slow
def test_a_run_copied_alone_is_used_under_any_name_from_anywhere(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(made, tmp_path / "shipped model")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RNNLAB_DATA", str(tmp_path / "data"))
    new = str(made.parents[3] / "new.npz")
    outputs = {}
    for verb in (["show"], ["verify"], ["inspect"], ["predict", "--file", new, "--json"], ["predict", "--split", "test"]):
        done = CliRunner().invoke(main, [verb[0], "shipped model", *verb[1:]])
        assert done.exit_code == 0, (verb, done.output)
        outputs[tuple(verb)] = done.stdout
    assert len(json.loads(outputs["predict", "--file", new, "--json"])) == 7
    assert "DIFFER" not in outputs["verify",]
    monkeypatch.chdir(tmp_path / "shipped model")
    assert CliRunner().invoke(main, ["export", "."]).exit_code == 0
    assert (tmp_path / "shipped model" / "export" / "keras" / "model.keras").exists()


def test_the_run_says_which_one_it_is(made: Path, tmp_path: Path) -> None:
    alone = tmp_path / "other" / "seed-7"
    shutil.copytree(made, alone)
    record = store.read_run(alone)
    assert (record.variant, record.seed, record.damaged) == ("none", 1, [])
    (alone / store.RESULT).unlink()
    record = store.read_run(alone)
    assert (record.variant, record.seed, record.result) == ("none", 1, None)


def test_in_an_experiment_a_result_of_another_run_does_not_count(made: Path, tmp_path: Path) -> None:
    experiment = tmp_path / "numbers"
    shutil.copytree(made.parents[1], experiment)
    shutil.copytree(made, experiment / "none" / "seed-2")
    assert ended(experiment / "none" / "seed-1").record.seed == 1
    [_, wrong] = store.read(experiment).runs
    assert (wrong.seed, wrong.result, wrong.damaged) == (2, None, [store.RESULT])
    with pytest.raises(UserError, match=r"holds the result of another run \(variant none, seed 1\): it is in the wrong"):
        ended(experiment / "none" / "seed-2")
