"""An epoch is one typed record: the logs of Keras sorted by split, written and read alike."""

import json
import math
from pathlib import Path

from rnnlab import sealed
from rnnlab.storage import store
from rnnlab.training.epoch_record import BESIDE, EpochRecord

LOGS = {"loss": 2.0, "valuable": 3.0, "val_loss": 2.5, "val_val_score": 1.0, "noise_rate/lstm/hidden": 0.25}


def test_logs_are_sorted_by_split() -> None:
    record = EpochRecord.of_logs(3, {**LOGS, **dict.fromkeys(BESIDE, 0.5)})
    assert record.train == {"loss": 2.0, "valuable": 3.0}
    assert record.validation == {"loss": 2.5, "val_score": 1.0}
    assert record.beside == {"noise_rate/lstm/hidden": 0.25, **dict.fromkeys(BESIDE, 0.5)}


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    run = tmp_path / "some" / "none" / "seed-3"
    run.mkdir(parents=True)
    records = [EpochRecord.of_logs(epoch, {**LOGS, "loss": 1 / epoch, "seconds": 9.0}) for epoch in (1, 2, 3)]
    for record in records:
        sealed.append(run / store.EVENTS, record.document())
    assert store.read_run(run).epochs == records
    line = json.loads((run / store.EVENTS).read_text().splitlines()[0])
    assert {**line, "check": 0} == {
        "event": "epoch",
        "epoch": 1,
        "train": {"loss": 1.0, "valuable": 3.0},
        "validation": {"loss": 2.5, "val_score": 1.0},
        "noise_rate/lstm/hidden": 0.25,
        "seconds": 9.0,
        "check": 0,
    }


def test_a_number_that_is_not_finite_is_read_as_none(tmp_path: Path) -> None:
    sealed.append(tmp_path / store.EVENTS, EpochRecord.of_logs(1, {"val_loss": math.nan}).document())
    (event,) = sealed.read(tmp_path / store.EVENTS)
    assert EpochRecord.of(event) == EpochRecord(1, {}, {"loss": None}, {})
