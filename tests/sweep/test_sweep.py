"""A sweep makes what is missing, keeps what counts, and lets no run harm another."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from chaos.small import bits
from click.testing import CliRunner
from thinning import kept

from rnnlab import sealed
from rnnlab.cli import main
from rnnlab.config import Experiment, load
from rnnlab.storage import store
from rnnlab.storage.run_result import RunResult
from rnnlab.storage.store import ExperimentRecord, RunRecord, read
from rnnlab.sweep import sweep as sweeping
from rnnlab.sweep.plan import plan
from rnnlab.sweep.sweep import Sweep, run

pytestmark = pytest.mark.usefixtures("lasting_models")
DOCUMENT: dict[str, Any] = {
    "name": "small",
    "data": {"name": "adding", "length": 4, "examples": {"train": 20, "validation": 10, "test": 10}, "batch_size": 10},
    "model": {"recurrent": [{"units": 2, "implementation": "keras"}]},
    "training": {"epochs": 2, "monitor": "loss"},
    "compare": {"baseline": "none", "variants": {"none": {}, "some": {"dropout": 0.2}}, "seeds": 2},
    "executor": {"name": "in_process"},
}


def experiment(folder: Path, **sections: dict[str, Any]) -> Experiment:
    document = {**DOCUMENT, **{name: {**DOCUMENT.get(name, {}), **section} for name, section in sections.items()}}
    (folder / "small.yaml").write_text(yaml.safe_dump(document))
    return load(folder / "small.yaml")


def swept(folder: Path, replace: bool = False, **sections: dict[str, Any]) -> tuple[Sweep, ExperimentRecord]:
    sweep = run(experiment(folder, **sections), folder / "runs", replace=replace)
    return sweep, read(sweep.folder)


def result(record: RunRecord) -> RunResult:
    assert record.result is not None
    return record.result


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, ExperimentRecord]:
    """A finished experiment: its parent folder, what was printed, what was read back."""
    folder = tmp_path_factory.mktemp("whole")
    experiment(folder)
    made = CliRunner().invoke(main, ["run", str(folder / "small.yaml"), "--runs", str(folder / "runs")])
    assert made.exit_code == 0, made.output
    return folder, made.stdout, read(folder / "runs" / "small")


def test_every_variant_and_seed_has_a_result(whole: tuple[Path, str, ExperimentRecord]) -> None:
    runs = whole[2].runs
    assert [(one.variant, one.seed) for one in runs] == [("none", 1), ("none", 2), ("some", 1), ("some", 2)]
    for one in runs:
        assert result(one).status == "done"
        assert [epoch.epoch for epoch in one.epochs] == [1, 2]
        best = one.epochs[result(one).best_epoch - 1]
        assert result(one).metrics["val_loss"] == best.validation["loss"]
        assert result(one).metrics["last_val_loss"] == one.epochs[-1].validation["loss"]
        assert {"train_loss", "test_loss", "throughput", "seconds"} <= set(result(one).metrics)
        assert all(epoch.beside["learning_rate"] > 0 and epoch.beside["seconds"] > 0 for epoch in one.epochs)


def test_a_process_stays_with_a_variant_and_progress_is_told_in_plain_lines(whole: tuple[Path, str, ExperimentRecord]) -> None:
    begun = [line.split("  ")[0] for line in whole[1].splitlines() if "epoch 1/2" in line]
    assert begun == [
        "[1/4] small none seed 1",
        "[2/4] small none seed 2",
        "[3/4] small some seed 1",
        "[4/4] small some seed 2",
    ]
    assert all(part in whole[1] for part in ("val_loss ", " examples/s", " left"))


def test_no_bit_depends_on_the_order_of_the_runs(
    whole: tuple[Path, str, ExperimentRecord], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = sweeping._jobs
    monkeypatch.setattr(sweeping, "_jobs", lambda *given: jobs(*given)[::-1])
    experiment(tmp_path)
    made = CliRunner().invoke(main, ["run", str(tmp_path / "small.yaml"), "--runs", str(tmp_path / "runs")])
    begun = [line.split("  ")[0] for line in made.stdout.splitlines() if "epoch 1/2" in line]
    assert begun[0] == "[1/4] small some seed 2"
    assert bits(tmp_path) == bits(whole[0])


def test_variants_of_a_seed_share_first_weights_and_order_and_seeds_do_not(whole: tuple[Path, str, ExperimentRecord]) -> None:
    for digest in ("initial_weights", "data_order"):
        by_seed = [{getattr(result(one), digest) for one in whole[2].runs if one.seed == seed} for seed in (1, 2)]
        assert [len(values) for values in by_seed] == [1, 1]
        assert by_seed[0] != by_seed[1]


def test_a_run_says_where_it_was_made(whole: tuple[Path, str, ExperimentRecord]) -> None:
    import keras

    origin = yaml.safe_load((whole[2].runs[2].folder / store.RUN).read_text())
    assert origin["config"]["model"]["recurrent"][0]["dropout"] == 0.2
    assert origin["versions"]["keras"] == keras.__version__
    assert origin["machine"]["cores"] >= 1
    assert origin["fingerprint"] == result(whole[2].runs[2]).fingerprint
    assert len(origin["data"]) == 64


def test_tensorboard_shows_the_epochs(whole: tuple[Path, str, ExperimentRecord]) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for one in whole[2].runs:
        events = EventAccumulator(str(one.folder / store.TENSORBOARD)).Reload()
        for split in ("train", "validation"):
            shown = events.Scalars(f"{split}/loss")
            assert [event.value for event in shown] == pytest.approx([epoch.splits[split]["loss"] for epoch in one.epochs])


@pytest.fixture
def copy(whole: tuple[Path, str, ExperimentRecord], tmp_path: Path) -> Path:
    """The finished experiment again, to do something to it."""
    subprocess.run(["cp", "-r", str(whole[0] / "runs"), str(tmp_path)], check=True)
    return tmp_path


def stamps(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.glob("runs/small/*/*/result.json")}


def test_a_finished_experiment_is_kept(copy: Path) -> None:
    before = stamps(copy)
    sweep, _ = swept(copy)
    assert (sweep.made, sweep.exit_status) == (0, 0)
    assert stamps(copy) == before


def test_more_seeds_add_only_the_new_runs(copy: Path) -> None:
    before = stamps(copy)
    sweep, record = swept(copy, compare={"seeds": 3})
    assert sweep.made == 2
    assert {path: stamp for path, stamp in stamps(copy).items() if "seed-3" not in path} == before
    assert len(record.runs) == 6


@pytest.mark.slow
def test_a_changed_config_replaces_its_runs_and_no_others_where_that_is_asked(copy: Path) -> None:
    before = stamps(copy)
    sweep, record = swept(copy, replace=True, compare={"variants": {"none": {}, "some": {"dropout": 0.4}}})
    assert sweep.made == 2
    assert {path for path, stamp in stamps(copy).items() if before[path] != stamp} == {
        path for path in before if "/some/" in path
    }
    assert all(len(one.epochs) == 2 for one in record.runs)


def test_another_schema_of_the_code_makes_all_runs_again(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rnnlab.config import identity

    def planned() -> list[tuple[int, int]]:
        return [(row.done, row.missing) for row in plan(experiment(copy), copy / "runs")]

    assert planned() == [(2, 0), (2, 0)]
    monkeypatch.setattr(identity, "SCHEMA", identity.SCHEMA + 1)
    assert planned() == [(0, 2), (0, 2)]


@pytest.mark.slow
def test_a_result_says_whether_operations_were_made_to_repeat_exactly(copy: Path) -> None:
    from tensorflow.python.framework.config import is_op_determinism_enabled

    for exactly in (False, True):
        variant = {"training.deterministic": exactly, "dropout": 0.3}
        sweep, record = swept(copy, True, compare={"variants": {"none": {}, "some": variant}, "seeds": 1})
        assert sweep.made == 1
        assert next(result(one) for one in record.runs if one.variant == "some").deterministic == exactly
        assert is_op_determinism_enabled() == exactly


@pytest.mark.parametrize("damage", kept(["truncated", "changed", "foreign", "other data"]))
def test_a_result_that_cannot_be_trusted_is_made_again(
    damage: str, copy: Path, whole: tuple[Path, str, ExperimentRecord]
) -> None:
    path = copy / "runs/small/some/seed-2/result.json"
    text = path.read_text()
    document = json.loads(text) | {"data": "0" * 64}
    del document["check"]
    path.write_text(
        {
            "truncated": text[:-40],
            "changed": text.replace('"seed": 2', '"seed": 3'),
            "foreign": "[1, 2]",
            "other data": json.dumps(sealed.seal(document)),
        }[damage]
    )
    assert path.read_text() != text
    sweep, record = swept(copy)
    assert sweep.made == 1
    again, first = (result(of.runs[3]).metrics for of in (record, whole[2]))
    assert again["test_loss"] == first["test_loss"]


def test_a_failure_is_a_result_and_the_others_go_on(
    copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from rnnlab.models import build_model

    def broken(config: Any, *args: Any, **kwargs: Any) -> Any:
        if config.dropout.spelling == 0.5:
            raise RuntimeError("no such luck\nand more")
        return whole_recurrent(config, *args, **kwargs)

    whole_recurrent = build_model.recurrent
    monkeypatch.setattr(build_model, "recurrent", broken)
    variants = {"bad": {"dropout": 0.5}, "other": {"dropout": 0.1}}
    sweep, record = swept(copy, compare={"baseline": "bad", "variants": variants, "seeds": 1})
    assert (sweep.made, sweep.exit_status, dict(sweep.statuses)) == (2, 1, {"failed": 1, "done": 1})
    failed = next(one for one in record.runs if (one.variant, one.seed) == ("bad", 1))
    assert result(failed).error == "RuntimeError: no such luck"
    assert result(failed).traceback.startswith("Traceback")
    assert "and more" in result(failed).traceback

    monkeypatch.undo()
    again = experiment(copy, compare={"baseline": "bad", "variants": variants, "seeds": 1})
    assert run(again, copy / "runs").made == 0
    failed_before = "failed before, and made again by --retry-failed only: bad seed 1: RuntimeError: no such luck\n"
    assert failed_before in capsys.readouterr().out
    retried = run(again, copy / "runs", retry_failed=True)
    assert (retried.made, retried.exit_status) == (1, 0)
    assert failed_before not in capsys.readouterr().out
