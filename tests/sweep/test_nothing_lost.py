"""Nothing finished is ever lost: what is in the way is refused with nothing written.

No run is trained here: in its place its files are written.
"""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from sweep.untrained import ROWS, swept, tree
from thinning import kept

import rnnlab
from rnnlab import sealed
from rnnlab.cells.builtin_cells import CELLS
from rnnlab.cli import main
from rnnlab.config import used
from rnnlab.config.identity import SCHEMA
from rnnlab.errors import UserError
from rnnlab.noise.scheme import SCHEMES
from rnnlab.noise.sites import Noise
from rnnlab.storage import aside, store
from rnnlab.storage.run_result import RunResult
from rnnlab.sweep import makers
from rnnlab.sweep.selection import Selection

pytestmark = pytest.mark.usefixtures("folder")


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("training.epochs=2", "training.epochs: 1 -> 2\n"),
        ("model.recurrent.0.units=8", "model.recurrent.0.units: 4 -> 8\n"),
        ("compare.variants.dropped.recurrent_dropout=0.3", "model.recurrent.0.recurrent_dropout: 0.2 -> 0.3\n"),
        ("training.early_stopping.patience=3", "training.early_stopping.patience: not set -> 3\n"),
        ("data.batch_size=4", "data.batch_size: 8 -> 4\n"),
        ("training.optimizer.learning_rate=0.5", "training.optimizer.learning_rate: 0.001 -> 0.5\n"),
        ("backend=jax", "backend: tensorflow -> jax\n"),
    ],
)
def test_another_config_is_refused_and_writes_nothing(override: str, told: str, folder: Path) -> None:
    swept()
    before = tree(folder)
    with pytest.raises(UserError) as refused:
        swept(override)
    assert told in str(refused.value)
    assert "name=NAME  keeps them" in str(refused.value)
    assert "--replace  moves them into runs/x/_replaced" in str(refused.value)
    assert tree(folder) == before
    done = CliRunner().invoke(main, ["run", "c.yaml", override])
    assert (done.exit_code, tree(folder) == before) == (2, True)


def test_more_epochs_under_a_cosine_schedule_are_refused_with_the_reason() -> None:
    cosine = "training.schedule={name: cosine}"
    swept(cosine)
    told = r"training.epochs: 1 -> 2 \(its cosine schedule depends on training.epochs\)\nNothing"
    with pytest.raises(UserError, match=told):
        swept(cosine, "training.epochs=2")


@pytest.mark.parametrize("name", kept(["x/dropped", "x/none/seed-3", "x/tensorboard"]))
def test_a_link_that_leads_out_is_refused_with_nothing_written(name: str, folder: Path) -> None:
    swept()
    away, place = folder / "away", folder / "runs" / name
    if place.exists():
        shutil.move(place, away)
    away.mkdir(exist_ok=True)
    place.symlink_to(away)
    before = tree(folder)
    with pytest.raises(UserError, match=f"{name} leads out of"):
        swept("compare.seeds=3")
    assert tree(folder) == before
    assert swept().made == 0


@pytest.mark.parametrize("executor", kept(["{name: in_process}", "{name: ray, address: '127.0.0.1:1'}"]))
def test_what_the_executor_refuses_writes_nothing(executor: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swept()
    before = tree(folder)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"variants differ in training.threads|executor.name=ray needs Ray"):
        swept("compare.variants.more={training.threads: 2}", "compare.seeds=3", f"executor={executor}")
    assert tree(folder) == before


def test_what_differs_in_one_variant_names_it(folder: Path) -> None:
    swept()
    with pytest.raises(UserError, match=r"units: 4 -> 8 \(variant dropped\)\n  training.epochs: 1 -> 2\nNothing"):
        swept("training.epochs=2", "compare.variants.dropped.units=8")


@pytest.mark.parametrize("override", ["data.train=b.csv", "data.text=txt"])
def test_data_that_are_not_there_are_told_before_anything_is_written(override: str, folder: Path) -> None:
    with pytest.raises(UserError):
        swept(override)
    assert not (folder / "runs").exists()
    swept()
    before = tree(folder)
    with pytest.raises(UserError):
        swept(override)
    assert tree(folder) == before


def test_other_bytes_in_the_same_file_are_other_data(folder: Path) -> None:
    swept()
    (folder / "a.csv").write_text(f"text,label\n{ROWS.replace('film', 'play')}")
    with pytest.raises(UserError, match=r"the data's bytes \(sha256\): \w{12} -> \w{12}\n"):
        swept()


@pytest.mark.parametrize(
    "overrides",
    [
        ["data.train=./a.csv"],
        ["compare.variants.dropped.recurrent_dropout={scheme: variational, rate: 0.2}"],
        ["compare.variants.dropped.recurrent_dropout={scheme: variational, rate: 0.2, tied: true}"],
        ["compare.variants.dropped.recurrent_dropout=[{site: recurrent, rate: 0.2, lifetime: sequence}]"],
        ["compare.variants.none.recurrent_dropout={scheme: none}"],
        ["compare.variants.none.dropout=0", "model.embedding.dropout=[]"],
        ["model.head.task=classification", "training.monitor=val_loss", "training.mode=min"],
        ["training.checkpoint.every_minutes=1", "training.inspect.every_epochs=1"],
        ["compare.margin=0.1", "executor={name: local, workers: 1}", "backend=tensorflow"],
    ],
)
def test_another_spelling_is_the_same_run(overrides: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    assert swept().made == 4
    assert swept(*overrides).made == 0


def test_a_moved_project_keeps_its_results(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swept(f"data.train={folder / 'a.csv'}")
    moved = folder / "elsewhere"
    moved.mkdir()
    for name in ("runs", "c.yaml", "a.csv"):
        (folder / name).rename(moved / name)
    monkeypatch.chdir(moved)
    assert swept(f"data.train={moved / 'a.csv'}").made == 0


def test_seeds_and_variants_are_added_and_another_evaluation_is_made(folder: Path) -> None:
    swept()
    before = {name: content for name, content in tree(folder).items() if name.endswith("result.json")}
    assert swept("compare.seeds=3", "compare.variants.more={dropout: 0.5}").made == 5
    assert before.items() <= tree(folder).items()
    assert swept("evaluation.montecarlo.samples=3").made == 4


def test_an_unfinished_run_of_another_config_is_in_the_way_too(folder: Path) -> None:
    swept()
    (folder / "runs/x/none/seed-1/result.json").unlink()
    with pytest.raises(UserError, match="holds 4 runs of another config"):
        swept("training.epochs=2", selection=Selection(("none",), 1, 2))


def test_runs_of_version_0_1_are_recognised(folder: Path) -> None:
    swept()
    for path in (folder / "runs/x").glob("*/*/run.yaml"):
        origin = yaml.safe_load(path.read_text())
        del origin["schema"]
        path.write_text(yaml.safe_dump({**origin, "fingerprint": "0" * 64}))
        result = sealed.unseal((path.parent / "result.json").read_text())
        del result["schema"]
        store.write_result(path.parent, RunResult.of({**result, "fingerprint": "0" * 64, **store.digests(path.parent)}))
    with pytest.raises(UserError, match=rf"schema: 1 -> {SCHEMA} \(another version of rnnlab made what is there\)"):
        swept()


def test_a_search_does_not_begin_where_its_runs_would_be_refused(folder: Path) -> None:
    swept()
    before = tree(folder)
    search = json.dumps({"trials": 1, "space": {"dropout": [0.1, 0.2]}})
    done = CliRunner().invoke(main, ["run", "c.yaml", "training.epochs=2", f"search={search}"])
    assert (done.exit_code, tree(folder) == before) == (2, True)
    assert "training.epochs: 1 -> 2" in done.output
    assert "dropout" not in done.output
    overrides = ["training.epochs=2", f"search={search}"]
    with pytest.raises(UserError, match=r"training.epochs: 1 -> 2"):
        rnnlab.run(rnnlab.load("c.yaml", overrides))
    assert tree(folder) == before


def test_runs_of_a_cell_that_has_changed_are_moved_aside_and_made_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gru = "compare.variants.dropped={cell: gru, recurrent_dropout: 0.2}"
    swept(gru)
    before = used._code(*used.equation(CELLS.sources["lstm"]))
    real = used._code

    def changed(*files: str | Path) -> str:
        return "0123456789abcdef" if any(Path(file).name == "lstm_step.py" for file in files) else real(*files)

    monkeypatch.setattr(used, "_code", changed)
    told = f"the code of cell lstm: {before} -> 0123456789abcdef"
    planned = CliRunner().invoke(main, ["plan", "c.yaml", gru])
    assert f"x holds 2 runs made by other code (old -> new):\n  {told}" in planned.stderr
    assert "run moves them aside and makes them again" in planned.stderr
    assert swept(gru).made == 2
    assert told in capsys.readouterr().out
    (place,) = (folder / "runs/x" / aside.ASIDE).iterdir()
    assert sorted(str(path.relative_to(place)) for path in place.glob("*/*")) == ["none/seed-1", "none/seed-2"]
    assert f"none/seed-1: {told}" in (place / aside.REASONS).read_text()
    assert swept(gru).made == 0


def test_runs_of_a_scheme_that_stands_for_other_noise_are_moved_aside_and_made_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    swept()
    known = SCHEMES["variational"]

    def build(argument: str, rate: float) -> tuple[Noise, ...]:
        return tuple(replace(noise, lifetime="step") for noise in known.build(argument, rate=rate))

    monkeypatch.setitem(SCHEMES._parts, "variational", replace(known, build=build))
    assert swept().made == 2
    assert "the code of rnnlab: None -> " in capsys.readouterr().out
    assert {path.parent.name for path in (folder / "runs/x" / aside.ASIDE).glob("*/*/*")} == {"dropped"}


def test_runs_of_other_code_are_kept_and_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    swept()
    assert makers.others([RunResult(status="done", makers=makers.present().makers)]) == []
    before = makers.code()[:12]
    monkeypatch.setattr(makers, "code", lambda: "0123456789abcdef")
    told = f"4 finished runs were made by other code or versions and are kept: code {before}, now 0123456789ab"
    assert swept().made == 0
    assert told in capsys.readouterr().out
    assert told in CliRunner().invoke(main, ["plan", "c.yaml"]).stderr
