"""A run folder is itself wherever it lies, whatever it is called, and from wherever it is used."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from trained.small_runs import numbers_run

from rnnlab.cli import main
from rnnlab.data.prepared import home
from rnnlab.errors import UserError
from rnnlab.storage import store
from rnnlab.trained.elsewhere import data_folder
from rnnlab.trained.loading import data_of, ended


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


@pytest.fixture
def moved(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The run after its project was moved, seen from a folder that has other data of the same name."""
    project, new = made.parents[3], tmp_path / "moved [1]"
    project.rename(new)
    (tmp_path / "desk").mkdir()
    shutil.copy(new / "new.npz", tmp_path / "desk" / "a.npz")
    monkeypatch.chdir(tmp_path / "desk")
    monkeypatch.setenv("RNNLAB_DATA", str(tmp_path / "data"))
    yield new / made.relative_to(project)
    new.rename(project)


def test_a_moved_project_is_searched_for_the_data_of_its_runs(
    moved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ended(moved)
    assert data_of(run).sha256 == run.result.data
    (moved.parents[3] / "a.npz").rename(tmp_path / "desk" / "b.npz")
    try:
        with pytest.raises(UserError, match=r"a\.npz has no array"):  # that of the working directory
            data_of(run)
        monkeypatch.chdir("/")
        with pytest.raises(UserError) as error:
            data_of(run)
    finally:
        (tmp_path / "desk" / "b.npz").rename(moved.parents[3] / "a.npz")
    tried = f"/ and {run.origin.directory} and every folder above {moved}"
    assert str(error.value) == f"there is no file 'a.npz' (looked for from {tried})"


def test_prepared_data_are_those_of_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RNNLAB_DATA", raising=False)
    (tmp_path / "project" / "data" / "prepared").mkdir(parents=True)
    with data_folder([tmp_path, tmp_path / "project"]):
        assert home() == tmp_path / "project" / "data"
    assert home() == Path("data")
    monkeypatch.setenv("RNNLAB_DATA", "mine")
    with data_folder([tmp_path / "project"]):
        assert home() == Path("mine")


@pytest.mark.slow
def test_verbs_on_a_run_of_a_moved_project_work_from_any_directory(moved: Path) -> None:
    for verb in (["verify"], ["inspect"], ["predict", "--split", "test"]):
        done = CliRunner().invoke(main, [verb[0], str(moved), *verb[1:]])
        assert done.exit_code == 0, (verb, done.output)
        assert "DIFFER" not in done.stdout


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
