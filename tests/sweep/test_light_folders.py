"""A finished run is its best weights and its records; what is kept for more epochs goes on to the bits of one long training."""

import os
import shutil
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import keras
import pytest
from sweep.test_sweep import experiment, result
from thinning import kept

from rnnlab.errors import UserError
from rnnlab.storage import store
from rnnlab.storage.store import RunRecord, read
from rnnlab.sweep import execute
from rnnlab.sweep.going_on import goes_on, needs_all_epochs
from rnnlab.sweep.sweep import run
from rnnlab.trained.loading import trained
from rnnlab.training import weights_file
from rnnlab.training.fit import evaluate
from rnnlab.training.training_config import TrainingConfig

pytestmark = pytest.mark.usefixtures("lasting_models")
ONE: dict[str, Any] = {"variants": {"some": {"dropout": 0.2, "recurrent_dropout": 0.2, "implementation": "auto"}}, "seeds": 1}
ONE["baseline"] = "some"
RECORDS = {"result.json", "run.yaml", "tokens.json", "events.jsonl", "tensorboard", "best.weights.h5"}


def made(folder: Path, **sections: dict[str, Any]) -> RunRecord:
    """The only run of a sweep."""
    folder.mkdir(parents=True, exist_ok=True)
    [record] = read(run(experiment(folder, **{"compare": ONE, **sections}), folder / "runs").folder).runs
    return record


def bits(record: RunRecord) -> list[Any]:
    """All that a run leaves, without what the clock says and what its config is called."""
    metrics = {
        name: value for name, value in result(record).metrics.items() if "second" not in name and "throughput" not in name
    }
    curves = [(epoch.epoch, epoch.train, epoch.validation) for epoch in record.epochs]
    ends = [getattr(result(record), name) for name in ("status", "epochs", "best_epoch", "initial_weights", "data_order")]
    return [metrics, curves, ends, weights_file.arrays(record.folder / store.WEIGHTS)]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> RunRecord:
    """A finished run as it is kept by default."""
    return made(tmp_path_factory.mktemp("finished"))


def test_a_finished_run_keeps_its_weights_and_its_records_alone(finished: RunRecord) -> None:
    assert {path.name for path in finished.folder.iterdir() if not path.name.startswith(".lock")} == RECORDS
    told = result(finished).weights
    assert told["bytes"] == (finished.folder / store.WEIGHTS).stat().st_size
    assert store.weights_whole(finished.folder, result(finished))


def test_keras_users_load_the_weights(finished: RunRecord) -> None:
    model, dataset, _ = trained(finished.folder)
    wanted = evaluate(model, dataset)
    plain = keras.models.clone_model(keras.Model(model.inputs, model.outputs))
    plain.load_weights(finished.folder / store.WEIGHTS)
    for mine, theirs in zip(plain.get_weights(), model.get_weights(), strict=True):
        assert mine.tobytes() == theirs.tobytes()
    assert wanted == {name: result(finished).metrics[name] for name in wanted}


@pytest.mark.slow
def test_a_large_run_costs_four_bytes_a_weight_and_little_more(tmp_path: Path) -> None:
    """Adam has two more numbers a weight, and the last and the best weights and a copy of all were kept too."""
    record = made(tmp_path, model={"recurrent": [{"units": 450}]})
    weights = result(record).parameters
    assert weights > 800_000
    files = {path: path.stat().st_size for path in record.folder.rglob("*") if path.is_file()}
    assert 0 <= files[record.folder / store.WEIGHTS] - 4 * weights < 50_000
    assert sum(files.values()) - 4 * weights < 300_000


def test_weights_that_are_lost_or_changed_are_never_believed(finished: RunRecord, tmp_path: Path) -> None:
    folder = tmp_path / "some" / "seed-1"
    shutil.copytree(finished.folder, folder)
    path, content = folder / store.WEIGHTS, (finished.folder / store.WEIGHTS).read_bytes()
    assert store.read_run(folder).damaged == []
    path.write_bytes(content[:-1])
    assert store.read_run(folder).damaged == [store.WEIGHTS]
    path.write_bytes(content[:2000] + bytes([content[2000] ^ 1]) + content[2001:])
    with pytest.raises(UserError, match=r"best.weights.h5 is damaged: its checksum is wrong; remove .*, and rnnlab run makes"):
        trained(folder)
    path.unlink()
    with pytest.raises(UserError, match=r"best.weights.h5 is damaged; rnnlab run repairs it"):
        trained(folder)


class Killed(BaseException):
    """What a kill is to the code it hits: nothing of it runs any more."""


STEPS = ("fsync", "replace", "unlink", "rmdir")


def kill_after(monkeypatch: pytest.MonkeyPatch, last: int, module: Any = weights_file, begins: str = "write") -> list[str]:
    """End the process at the so-manieth step on the disk once a function is called: by default the weights are written."""
    taken: list[str] = []
    begun: list[bool] = []
    write = getattr(module, begins)

    def stepping(name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        def taking(*what: Any, **how: Any) -> Any:
            if begun and len(taken) == last:
                raise Killed
            taken.extend([name] if begun else [])
            return step(*what, **how)

        return taking

    def writing(*what: Any) -> Any:
        begun.append(True)
        return write(*what)

    monkeypatch.setattr(module, begins, writing)
    for name in STEPS:
        monkeypatch.setattr(os, name, stepping(name, getattr(os, name)))
    return taken


def seconds(record: RunRecord) -> list[float]:
    """When each epoch was trained, for one that is trained again takes another time."""
    return [epoch.beside["seconds"] for epoch in record.epochs]


@pytest.mark.slow
@pytest.mark.parametrize(("keep", "stride"), [("weights", 1), ("resumable", 3)])
def test_a_kill_between_any_two_steps_of_the_end_leaves_a_run_that_goes_on_or_is_complete(
    keep: str, stride: int, finished: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = {"keep": keep}
    first, complete = tmp_path / "first", 0
    with monkeypatch.context() as killing:
        kill_after(killing, 0)
        with pytest.raises(Killed):
            made(first, training=training)
    trained_once = seconds(store.read_run(first / "runs/small/some/seed-1"))
    for last in range(1, 1000, stride):
        folder = tmp_path / str(last)
        shutil.copytree(first, folder)
        with monkeypatch.context() as killing:
            taken = kill_after(killing, last)
            try:
                made(folder, training=training)
            except Killed:
                assert len(taken) == last
            else:
                break
        ended = (folder / "runs/small/some/seed-1" / store.RESULT).exists()
        complete += ended
        swept = run(experiment(folder, compare=ONE, training=training), folder / "runs")
        assert swept.made == (not ended)
        [record] = read(swept.folder).runs
        assert bits(record) == bits(finished)
        assert seconds(record) == trained_once, "nothing is trained again"
        shutil.rmtree(folder)
    assert last > 10, taken
    assert complete * stride >= 3, "some kills come after the result"
    assert (folder / "runs/small/some/seed-1" / store.CHECKPOINT).exists() == (keep == "resumable")


SAMPLED: dict[str, Any] = {"montecarlo": {"samples": 3}}


@pytest.mark.slow
def test_a_kill_while_a_finished_run_is_evaluated_anew_costs_no_training(
    finished: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Afterwards both the old and the new evaluation, which take turns, come to the bits that they have without a kill."""
    first = tmp_path / "first"
    shutil.copytree(finished.folder.parents[3], first)
    wanted, ended = bits(made(tmp_path / "at once", evaluation=SAMPLED)), False
    turns = cycle([(SAMPLED, wanted), ({}, bits(finished))])
    for last in range(0, 1000, 5):
        folder = tmp_path / str(last)
        shutil.copytree(first, folder)
        with monkeypatch.context() as killing:
            kill_after(killing, last, execute, "evaluate_again")
            try:
                made(folder, evaluation=SAMPLED)
                ended = True
            except Killed:
                assert read(folder / "runs" / "small").runs[0].result, "some result is always there"
        evaluation, reference = next(turns)
        record = made(folder, evaluation=evaluation)
        assert bits(record) == reference
        assert record.damaged == []
        assert seconds(record) == seconds(finished), "nothing is trained again"
        if ended:
            for evaluation, reference in (next(turns), next(turns)):
                assert bits(made(folder, evaluation=evaluation)) == reference
            break
        shutil.rmtree(folder)
    assert last >= 6


CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "plateau": {"schedule": {"name": "plateau", "patience": 1}, "early_stopping": {"patience": 3}},
    "decay": {"optimizer": {"name": "sgd", "learning_rate": 0.5}, "schedule": {"name": "decay", "constant": 1, "divisor": 2.0}},
    "stops": {"optimizer": {"name": "sgd", "learning_rate": 0.9, "momentum": 0.9}, "early_stopping": {"patience": 1}},
}


@pytest.mark.parametrize("case", kept(CASES))
def test_more_epochs_go_on_to_the_bits_of_one_long_training(case: str, tmp_path: Path) -> None:
    training = {**CASES[case], "keep": "resumable"}
    whole = made(tmp_path / "whole", training={**training, "epochs": 6})
    for epochs in (2, 6):
        record = made(tmp_path / "parts", training={**training, "epochs": epochs})
        assert [path.name for path in (record.folder / store.CHECKPOINT).iterdir()] == [store.STATE]
        if epochs == 2:
            before = seconds(record)
        assert seconds(record)[: len(before)] == before, "its first epochs are not trained again"
    assert bits(record) == bits(whole)
    assert ("stops" in case) == (result(record).epochs < 6)


def test_fewer_epochs_and_a_schedule_over_all_of_them_do_not_go_on(tmp_path: Path) -> None:
    def asked(record: RunRecord, **training: Any) -> bool:
        [spec] = experiment(tmp_path, compare=ONE, training={"keep": "resumable", **training}).runs()
        from rnnlab.data.build_dataset import build

        return goes_on(spec, record.folder, build(spec.config.data))

    record = made(tmp_path, training={"keep": "resumable", "epochs": 2})
    assert asked(record, epochs=2)
    assert asked(record, epochs=3)
    assert not asked(record, epochs=1)
    assert not asked(record, epochs=3, optimizer={"learning_rate": 0.1})
    assert not asked(record, epochs=3, schedule={"name": "cosine"})
    (record.folder / store.CHECKPOINT / store.STATE).write_bytes(b"nonsense")
    assert not asked(record, epochs=3)
    cosine = TrainingConfig.model_validate({"epochs": 3, "schedule": {"name": "cosine"}})
    assert needs_all_epochs(cosine) == "its cosine schedule depends on training.epochs"
