"""Nothing finished is ever lost: what is in the way is refused with nothing written, or moved aside whole.

No run is trained here: in its place its files are written.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from thinning import kept

import rnnlab
from rnnlab import sealed
from rnnlab.cli import main
from rnnlab.config import RunSpec, load
from rnnlab.errors import UserError
from rnnlab.storage import aside, store
from rnnlab.storage.lease import Lock
from rnnlab.storage.run_origin import Provenance, write_origin
from rnnlab.storage.run_result import RunResult
from rnnlab.sweep import execute, makers
from rnnlab.sweep.origin import made, origin_of, who
from rnnlab.sweep.selection import Selection
from rnnlab.sweep.sweep import Sweep, run

ROWS = "".join(f"film number {number},{'pos' if number % 2 else 'neg'}\n" for number in range(60))
DOCUMENT: dict[str, Any] = {
    "name": "x",
    "data": {"name": "table", "train": "a.csv", "text": "text", "label": "label", "batch_size": 8},
    "model": {"embedding": {"width": 4}, "recurrent": [{"units": 4}]},
    "training": {"epochs": 1},
    "compare": {"variants": {"none": {}, "dropped": {"recurrent_dropout": 0.2}}, "seeds": 2},
    "executor": {"name": "in_process"},
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a config and two files of data, where runs are written and not trained."""

    def written(spec: RunSpec, folder: Path, dataset: Any, progress: Any, lock: Any, lost: str, *_: Any) -> RunResult:
        write_origin(folder, origin_of(spec, dataset, Provenance(backend="tensorflow")))
        (folder / store.CHECKPOINT).mkdir(exist_ok=True)
        (folder / store.CHECKPOINT / "state").write_text(f"weights of {spec.fingerprint}")
        figures = {"metrics": {"val_loss": 1.0, "seconds": 1.0}, "monitor": "val_loss", "mode": "min"}
        about = {**who(spec), **made(spec, dataset), **store.digests(folder), **figures}
        result = RunResult.of({**about, "makers": makers.makers(), "status": "done", "best_epoch": 1})
        store.write_result(folder, result)
        return result

    monkeypatch.setattr(execute, "execute", written)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RNNLAB_DATA", str(tmp_path / "data"))
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(DOCUMENT))
    (tmp_path / "a.csv").write_text(f"text,label\n{ROWS}")
    return tmp_path


def swept(*overrides: str, **settings: Any) -> Sweep:
    return run(load("c.yaml", overrides), "runs", **settings)


def tree(folder: Path) -> dict[str, Any]:
    """Every file and folder below `runs`, with content and time."""
    return {
        str(path.relative_to(folder)): (path.read_bytes() if path.is_file() else None, path.stat().st_mtime_ns)
        for path in sorted((folder / "runs").rglob("*"))
    }


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


@pytest.mark.parametrize("name", kept(["x/none/seed-1/checkpoint", "x/_replaced"]))
def test_nothing_is_moved_aside_through_a_link_that_leads_out(name: str, folder: Path) -> None:
    swept()
    away, place = folder / "away", folder / "runs" / name
    if place.exists():
        place.rename(away)
    away.mkdir(exist_ok=True)
    place.symlink_to(away)
    before = {path: path.read_bytes() for path in [*away.rglob("*"), *folder.rglob("result.json")] if path.is_file()}
    with pytest.raises(UserError, match="leads out of"):
        swept("data.batch_size=4", replace=True)
    assert {path: path.read_bytes() for path in before} == before
    assert [*away.rglob("*.json")] == []


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


@pytest.mark.slow
def test_what_is_replaced_is_moved_aside_as_an_experiment_of_its_own(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    swept()
    (folder / "runs/x/comparison.json").write_text("{}")
    before = {name: content for name, (content, _) in tree(folder).items() if content is not None and ".lock" not in name}
    capsys.readouterr()
    assert swept("training.epochs=2", replace=True).made == 4
    (place,) = (folder / "runs/x" / aside.ASIDE).iterdir()
    assert f"They are moved to runs/x/_replaced/{place.name}" in capsys.readouterr().out
    for name, content in before.items():
        assert (place / Path(name).relative_to("runs/x")).read_bytes() == content
    assert len(store.read(place).runs) == 4
    assert "none/seed-1: training.epochs: 1 -> 2" in (place / aside.REASONS).read_text()
    assert not (folder / "runs/x/comparison.json").exists()
    assert swept("training.epochs=2").made == 0


@pytest.mark.slow
def test_only_what_is_in_the_way_is_moved(folder: Path) -> None:
    swept()
    (folder / "runs/x/comparison.json").write_text("{}")
    before = tree(folder)
    assert swept("compare.variants.dropped.recurrent_dropout=0.3", replace=True).made == 2
    for name in ("runs/x/none/seed-1/result.json", "runs/x/comparison.json"):
        assert tree(folder)[name] == before[name]
    (place,) = (folder / "runs/x" / aside.ASIDE).iterdir()
    assert {path.name for path in place.iterdir() if path.is_dir()} == {"dropped"}


def test_an_unfinished_run_of_another_config_is_in_the_way_too(folder: Path) -> None:
    swept()
    (folder / "runs/x/none/seed-1/result.json").unlink()
    with pytest.raises(UserError, match="holds 4 runs of another config"):
        swept("training.epochs=2", selection=Selection(("none",), 1, 2))


RENAMED = "compare.variants={none: null, dropped: null, a: {}, b: {recurrent_dropout: 0.2}}"
ONE = "compare.variants={none: null, dropped: null, a: {}}"
OTHER_SEEDS = "compare.first_seed=11"


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ([RENAMED, "training.epochs=2"], "training.epochs: 1 -> 2\n"),
        ([OTHER_SEEDS, "training.epochs=2", "compare.seeds=1"], "training.epochs: 1 -> 2\n"),
        ([RENAMED, "data.batch_size=4"], "data.batch_size: 8 -> 4\n"),
        ([RENAMED, "model.recurrent.0.units=8"], "model.recurrent.0.units: 4 -> 8\n"),
        ([OTHER_SEEDS, "compare.variants.dropped.recurrent_dropout=0.3"], "recurrent_dropout: 0.2 -> 0.3\n"),
        ([ONE, "model.recurrent=[{units: 4, cell: gru}]"], "model.recurrent.0.cell: lstm -> gru\n"),
        ([OTHER_SEEDS, "compare.folds=3"], "data.fold.of: not set -> 3\n"),
    ],
)
def test_another_config_is_refused_where_no_place_coincides(overrides: list[str], told: str, folder: Path) -> None:
    swept()
    before = tree(folder)
    with pytest.raises(UserError) as refused:
        swept(*overrides)
    assert told in str(refused.value)
    assert "recurrent_dropout: 0 ->" not in str(refused.value), "the patch of a withdrawn variant is its own"
    assert "name=NAME  keeps them" in str(refused.value)
    done = CliRunner().invoke(main, ["run", "c.yaml", *overrides])
    assert (done.exit_code, tree(folder) == before) == (2, True)
    assert told in CliRunner().invoke(main, ["plan", "c.yaml", *overrides]).stderr
    swept(*overrides, replace=True)
    (place,) = (folder / "runs/x" / aside.ASIDE).iterdir()
    assert f"holds {len([*place.glob('*/*/result.json')])} runs of another config" in str(refused.value)


def test_other_data_are_refused_where_no_place_coincides(folder: Path) -> None:
    swept()
    (folder / "a.csv").write_text(f"text,label\n{ROWS.replace('film', 'play')}")
    for override in (RENAMED, OTHER_SEEDS):
        with pytest.raises(UserError, match=r"holds 4 runs.*\n.*the data's bytes \(sha256\): \w{12} -> \w{12}\n"):
            swept(override)


def test_what_is_chosen_leaves_no_run_of_another_config_in_the_folder(folder: Path) -> None:
    swept("compare.variants.other={data.train: b.csv}", selection=Selection(("none",)))
    (folder / "b.csv").write_text((folder / "a.csv").read_text())
    other = "compare.variants.other={data.train: b.csv, dropout: 0.3}"
    assert swept(other, selection=Selection(("other",))).made == 2
    (folder / "b.csv").unlink()
    assert swept(other, "compare.seeds=3", selection=Selection(("none",))).made == 1, "it needs no data but its own"
    before = tree(folder)
    for chosen in ("none", "dropped"):
        with pytest.raises(UserError, match="holds 5 runs of another config"):
            swept(other, "training.epochs=2", selection=Selection((chosen,)))
    with pytest.raises(UserError, match=r"holds 2 runs of another config.*\n  model.recurrent.0.dropout: 0.3 -> 0.4\n"):
        swept("compare.variants.other={data.train: b.csv, dropout: 0.4}", selection=Selection(("none",)))
    assert tree(folder) == before


def test_seeds_and_variants_come_and_go_on_the_same_base(folder: Path) -> None:
    swept()
    before = {name: content for name, content in tree(folder).items() if name.endswith("result.json")}
    assert swept(OTHER_SEEDS, "compare.seeds=1").made == 2
    alone = "compare.variants={{none: null, dropped: null, {}}}".format
    assert swept(alone("long: {training.epochs: 3}")).made == 2
    assert swept(alone("more: {dropout: 0.5}")).made == 2, "the patch of `dropped` is no longer on record"
    assert swept("compare.grid={units: [4, 8]}", alone("base: {}")).made == 4
    assert before.items() <= tree(folder).items()
    assert swept().made == 0
    with pytest.raises(UserError) as refused:
        swept("training.epochs=2", alone("last: {}"))
    assert str(refused.value).splitlines()[1:3] == ["  training.epochs: 1 -> 2", "Nothing was written. There are two options:"]
    assert "holds 12 runs" in str(refused.value), "all but those of `long`, whose patch says how long they train"


def test_what_a_withdrawn_variant_sets_itself_is_its_own_where_the_base_says_the_same() -> None:
    alone = "compare.variants={{none: null, dropped: null, {}: {{training.epochs: {}}}}}".format
    assert swept(alone("same", 1)).made == 2
    assert swept(alone("more", 3), "training.epochs=2").made == 2


def test_a_run_that_is_being_made_is_not_moved(folder: Path) -> None:
    swept()
    before = tree(folder)
    with Lock(folder / "runs/x/dropped/seed-2") as lock:
        assert lock.take()
        with pytest.raises(UserError, match=r"dropped/seed-2 cannot be moved aside: process \d+"):
            swept("data.batch_size=4", replace=True)
    assert {name: of for name, of in tree(folder).items() if ".lock" not in name and of[0]}.items() <= before.items()
    assert not (folder / "runs/x" / aside.ASIDE).exists()


def test_runs_of_version_0_1_are_recognised(folder: Path) -> None:
    swept()
    for path in (folder / "runs/x").glob("*/*/run.yaml"):
        origin = yaml.safe_load(path.read_text())
        del origin["schema"]
        path.write_text(yaml.safe_dump({**origin, "fingerprint": "0" * 64}))
        result = sealed.unseal((path.parent / "result.json").read_text())
        del result["schema"]
        store.write_result(path.parent, RunResult.of({**result, "fingerprint": "0" * 64, **store.digests(path.parent)}))
    with pytest.raises(UserError, match=r"schema: 1 -> 2 \(another version of rnnlab made what is there\)"):
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


def test_runs_of_other_code_are_kept_and_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    swept()
    assert makers.others([RunResult(status="done", makers=makers.makers())]) == []
    before = makers.code()[:12]
    monkeypatch.setattr(makers, "code", lambda: "0123456789abcdef")
    told = f"4 finished runs were made by other code or versions and are kept: code {before}, now 0123456789ab"
    assert swept().made == 0
    assert told in capsys.readouterr().out
    assert told in CliRunner().invoke(main, ["plan", "c.yaml"]).stderr


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


def test_plan_says_the_backend(folder: Path) -> None:
    for name in ("tensorflow", "jax"):
        text, rows = (CliRunner().invoke(main, ["plan", "c.yaml", f"backend={name}", *more]) for more in ([], ["--json"]))
        assert f"\nbackend: {name}\n" in text.stdout
        assert [row["backend"] for row in json.loads(rows.stdout)] == [name] * 2
