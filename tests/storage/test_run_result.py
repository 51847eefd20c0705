"""A result is one typed record: what it says is written and read alike, and what this version does not write is damaged."""

import json
import math
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path
from typing import Any

import pytest

from rnnlab import sealed
from rnnlab.storage import store
from rnnlab.storage.run_result import RunResult
from rnnlab.training.train import TrainingOutcome

WHOLE = RunResult(
    status="done",
    experiment="some",
    variant="none",
    seed=3,
    epochs=2,
    metrics={"test_loss": 0.1, "val_loss": None},
    weights={"sha256": "0" * 64, "bytes": 7},
    deterministic=True,
    classes={"classes": [{"label": "pos", "f1": 0.5}], "confusion": [[1, 2], [3, 4]]},
    rates={"noise_rate/lstm/hidden": 0.25},
    parts={"metric mine": "0" * 64},
    modes={"mine": "max"},
    makers={"code": "abc", "keras": "3.15.1"},
)
DIVERGED = replace(WHOLE, status="diverged", metrics={"seconds": 2}, error="the loss became nan in epoch 1, step 3")
FAILED = RunResult(status="failed", experiment="some", variant="none", seed=3, error="E: no", traceback="Traceback\n")


def test_a_result_has_a_place_for_all_that_a_training_returns() -> None:
    assert {one.name for one in fields(TrainingOutcome)} < {one.name for one in fields(RunResult)}


def there(folder: Path) -> Path:
    run = folder / "some" / "none" / "seed-3"
    run.mkdir(parents=True)
    (run / store.WEIGHTS).write_bytes(b"weights")
    return run


@pytest.mark.parametrize("result", [WHOLE, DIVERGED, FAILED], ids=lambda result: str(result.status))
def test_what_is_written_is_read_again(result: RunResult, tmp_path: Path) -> None:
    run = there(tmp_path)
    store.write_result(run, result)
    again = store.read_run(run)
    assert (again.result, again.damaged) == (result, [])
    assert {"error", "traceback"} <= json.loads((run / store.RESULT).read_text()).keys()


def test_a_number_that_is_not_finite_is_read_as_none(tmp_path: Path) -> None:
    run = there(tmp_path)
    store.write_result(run, replace(WHOLE, metrics={"val_loss": math.inf}))
    assert store.read_run(run).result == replace(WHOLE, metrics={"val_loss": None})


def test_a_result_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        WHOLE.status = "failed"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"energy": {"joules": 3}}, "energy: Unexpected"),
        ({"status": "ok"}, "status: .*'done', 'diverged' or 'failed', got 'ok'"),
        ({"epochs": "2"}, "epochs: .*integer.*'2'"),
        ({"epochs": True}, "epochs: .*integer.*True"),
        ({"metrics": 3}, "metrics: .*got 3"),
        ({"metrics": {"val_loss": "low"}}, "metrics.val_loss: .*got 'low'"),
        ({"weights": []}, r"weights: .*got \[\]"),
        ({"deterministic": 1}, "deterministic: .*got 1"),
        ({"error": {}}, "error: .*string"),
    ],
)
def test_what_this_version_does_not_write_is_damaged(change: dict[str, Any], told: str, tmp_path: Path) -> None:
    run, document = there(tmp_path), {**WHOLE.document(), **change}
    (run / store.RESULT).write_text(json.dumps(sealed.seal(document)))
    record = store.read_run(run)
    assert (record.result, record.damaged, record.misplaced) == (None, [store.RESULT], "")
    with pytest.raises(ValueError, match=told):
        RunResult.of(document)
