"""Weights & Biases in its folder, whose files are read back."""

import json
import struct
import time

import pytest
from trackers.told_runs import tell, with_trackers

from rnnlab.storage import store
from rnnlab.trackers.tracker import Begun, Ended, made


@pytest.mark.slow
@pytest.mark.process
def test_the_offline_folder_of_wandb_reads_back(finished, tmp_path):
    pytest.importorskip("wandb", reason="wandb is not installed")
    failed = []
    tell(with_trackers({"name": "wandb", "mode": "offline", "folder": str(tmp_path)}), finished, failed.append)
    (finished / "trackers.json").unlink()
    assert failed == []
    files = list(tmp_path.glob("wandb/offline-run-*/run-*.wandb"))
    assert len(files) == 2
    runs = {said["run"]["run_group"]: said for said in map(read_back, files)}
    assert set(runs) == {"none", "gal"}
    result = store.read_run(finished / "gal/seed-1").result
    gal = runs["gal"]
    assert (gal["run"]["project"], gal["run"]["display_name"]) == ("told", "gal/seed-1")
    assert gal["config"]["model.recurrent.0.recurrent_dropout"] == 0.2
    assert [epoch["validation/loss"] for epoch in gal["history"]] == [
        epoch.validation["loss"] for epoch in store.read_run(finished / "gal/seed-1").epochs
    ]
    assert gal["summary"]["test_loss"] == result.metrics["test_loss"]
    assert gal["artifacts"] == ["weights-gal-seed-1"]


@pytest.mark.slow
@pytest.mark.process
def test_a_run_of_wandb_that_goes_on_is_the_same_one(tmp_path):
    pytest.importorskip("wandb", reason="wandb is not installed")
    section = with_trackers({"name": "wandb", "mode": "offline", "folder": str(tmp_path)}).config.trackers[0]
    run, known = Begun("live", "gal", 1, "fingerprint", {"training.epochs": 2}), None
    for epoch in (1, 2):
        tracker = made(section)
        known = tracker.begin(run, known)
        tracker.epoch(known, epoch, {"train/loss": 1 / epoch})
        tracker.end(known, run, Ended("done", None, epoch, {}, None))
        time.sleep(1.1)  # its folders are named by the second
    files = sorted(tmp_path.glob("wandb/offline-run-*/run-*.wandb"))
    assert {file.stem for file in files} == {f"run-{known}"}
    assert [point["train/loss"] for file in files for point in read_back(file)["history"]] == [1.0, 0.5]


def messages(data):
    """The messages of a file of W&B: after 7 bytes, in blocks of 32 KiB, pieces of check sum, length, kind and text."""
    place, whole = 7, b""
    while place + 7 <= len(data):
        if 32768 - place % 32768 < 7:
            place += 32768 - place % 32768
            continue
        _, length, kind = struct.unpack("<IHB", data[place : place + 7])
        whole += data[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # a whole message, or the last piece of one
            yield whole
            whole = b""


def read_back(path):
    """What a file of W&B says of its run."""
    from wandb.proto.wandb_internal_pb2 import Record

    said = {"config": {}, "history": [], "summary": {}, "artifacts": [], "run": {}}
    for message in messages(path.read_bytes()):
        record = Record.FromString(message)
        config = [*record.run.config.update, *record.config.update]
        said["config"] |= plain(config)
        said["summary"] |= plain(record.summary.update)
        said["history"] += [plain(record.history.item)] if record.history.item else []
        said["artifacts"] += [record.artifact.name] if record.artifact.name else []
        if record.WhichOneof("record_type") == "run":
            said["run"] = {field: getattr(record.run, field) for field in ("project", "display_name", "run_group")}
    return said


def plain(items):
    return {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in items}
