"""A finished run is trained again: the same bits are agreed upon, one that differs is named."""

import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import h5py
import pytest
import yaml

from chaos.forker import Forker
from rnnlab import sealed
from rnnlab.errors import UserError
from rnnlab.storage import store
from rnnlab.storage.run_result import RunResult
from rnnlab.trained.verify import _require_same_rates
from rnnlab.training.training_config import TrainingConfig

pytestmark = pytest.mark.slow

Whole = tuple[Path, list[Any]]


@pytest.fixture
def run(whole: Whole, tmp_path: Path) -> Path:
    """A finished run, to do something to it."""
    shutil.copytree(whole[0] / "runs" / "small" / "ours", tmp_path / "ours")
    return tmp_path / "ours" / "seed-1"


def reseal(run: Path, **changes: Any) -> None:
    """Write the result anew with changes, as if it had always been so."""
    result = sealed.unseal((run / store.RESULT).read_text()) | changes
    store.write_result(run, RunResult.of(result | store.digests(run)))


def change_metric(run: Path) -> None:
    metrics = sealed.unseal((run / store.RESULT).read_text())["metrics"]
    reseal(run, metrics={**metrics, "test_loss": metrics["test_loss"] * (1 + 1e-15)})


def change_epoch(run: Path, number: int) -> None:
    lines = sealed.read(run / store.EVENTS)
    lines[number - 1]["validation"]["loss"] *= 1 + 1e-15
    sealed.write(run / store.EVENTS, lines)
    reseal(run)


def change_weight(run: Path) -> None:
    """As if another weight had been learnt, and its file written whole."""
    with h5py.File(run / store.WEIGHTS, "r+") as file:
        file["layers/embedding/vars/0"][0, 0] *= 1 + 1e-6
    content = (run / store.WEIGHTS).read_bytes()
    reseal(run, weights={"sha256": sha256(content).hexdigest(), "bytes": len(content)})


def change_versions(run: Path) -> None:
    origin = yaml.safe_load((run / store.RUN).read_text())
    origin["versions"]["keras"] = "2.0.0"
    (run / store.RUN).write_text(yaml.safe_dump(origin))
    reseal(run)


def again(forker: Forker, run: Path, *options: str) -> tuple[int, str]:
    log = run.parent / "log"
    log.unlink(missing_ok=True)
    return forker.run(["verify", str(run), *options], log), log.read_text()


def test_the_same_bits_agree_and_versions_that_differ_are_told(run: Path, forker: Forker) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    status, said = again(forker, run)
    assert status == 0, said
    assert "DIFFER" not in said
    for part in ("data", "first weights", "curves", "metrics", "best weights"):
        assert f"{part} agree" in said
    assert "versions, code and machine are those of the run" in said
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before

    change_versions(run)
    status, said = again(forker, run, "--epochs", "1", "--json")
    document = json.loads(said[said.index("{") :])
    assert status == 0
    assert set(document["agree"]) == {"curves", "data", "first weights"}
    assert document["versions"]["keras"][0] == "2.0.0"
    assert document["epochs"] == 1


@pytest.mark.parametrize(
    ("change", "part", "told"),
    [
        (change_metric, "metrics", "metrics: test_loss was "),
        (lambda run: change_epoch(run, 4), "curves", "curves: epoch 4, validation loss was "),
        (change_weight, "best weights", "best weights: layers/embedding/vars/0 differs"),
    ],
)
def test_what_differs_is_named(change: Callable[[Path], None], part: str, told: str, run: Path, forker: Forker) -> None:
    change(run)
    assert store.read_run(run).damaged == []
    status, said = again(forker, run)
    assert status == 1
    assert said.count("DIFFER") == 1
    assert f"{part} DIFFER" in said
    assert told in said


def test_epochs_that_are_not_trained_again_are_not_compared(run: Path, forker: Forker) -> None:
    change_epoch(run, 2)
    assert again(forker, run, "--epochs", "1")[0] == 0
    status, said = again(forker, run, "--epochs", "2")
    assert status == 1
    assert "curves: epoch 2, validation loss was " in said


def test_what_cannot_be_verified_is_refused(run: Path, forker: Forker, tmp_path: Path) -> None:
    cases: list[tuple[Callable[[], Any], str]] = [
        (lambda: None, ""),
        (lambda: reseal(run, status="failed"), "has failed"),
        (lambda: (run / store.WEIGHTS).unlink(), "best.weights.h5 is damaged"),
        (lambda: (run / store.RESULT).write_text("{"), "result.json is damaged"),
        (lambda: (run / store.RESULT).unlink(), "has not ended"),
        (lambda: (run / store.RUN).unlink(), "is not the folder of a run"),
    ]
    for number, (damage, told) in enumerate(cases):
        damage()
        status, said = again(forker, run, "--epochs", "1")
        assert (status, told in said, "Traceback" in said) == (2 if number else 0, True, False), said
    run.rename(tmp_path / "best")
    (tmp_path / "best" / store.RUN).touch()
    assert "its name is not seed-<n>" in again(forker, tmp_path / "best")[1]


def test_some_epochs_under_a_cosine_are_refused_where_their_rates_would_differ() -> None:
    falling = TrainingConfig(epochs=6, schedule={"name": "cosine", "final": 0.1})
    _require_same_rates(falling, 1)
    with pytest.raises(UserError, match="rate of epoch 2 depends on how many epochs there are"):
        _require_same_rates(falling, 3)
    _require_same_rates(TrainingConfig(epochs=6, schedule={"name": "decay", "constant": 1, "divisor": 2.0}), 3)
