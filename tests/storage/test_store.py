"""Files of a run: there whole or not at all, checked when read, never outside their folder."""

import json
from pathlib import Path

import pytest

from rnnlab import files, sealed
from rnnlab.config import dump
from rnnlab.config.identity import SCHEMA
from rnnlab.errors import UserError
from rnnlab.storage import store
from rnnlab.storage.run_origin import RunOrigin, read_origin, write_origin


def test_events_come_back_up_to_the_first_damaged_line(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    wanted = [{"event": "epoch", "epoch": epoch, "train": {"loss": 1 / (epoch + 1)}} for epoch in range(4)]
    for event in wanted:
        sealed.append(path, event)
    whole = path.read_bytes()
    assert sealed.read(path) == wanted
    ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
    for cut in range(0, len(whole), 7):
        path.write_bytes(whole[:cut])
        assert sealed.read(path) == wanted[: sum(end <= cut + 1 for end in ends)]
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert sealed.read(path) == wanted[: sum(end <= place for end in ends)]


def test_metrics_that_are_no_numbers_are_stored_as_none(tmp_path: Path) -> None:
    sealed.append(tmp_path / "events.jsonl", {"event": "epoch", "train": {"loss": float("nan"), "perplexity": float("inf")}})
    assert "NaN" not in (tmp_path / "events.jsonl").read_text()
    assert sealed.read(tmp_path / "events.jsonl")[0]["train"] == {"loss": None, "perplexity": None}


def test_what_a_run_was_made_of_is_one_document_and_is_read_back(tmp_path: Path) -> None:
    config = {
        "name": "null",
        "rates": [0.1, 1e-05, 1.0, 3, None, True, "true"],
        "text": {"path": "é: #", "none": {}, "empty": []},
    }
    for seed in (1, 2):
        origin = RunOrigin(config=config, schema=SCHEMA, seed=seed, command=["rnnlab run", "it's"], versions={"keras": "3.15"})
        write_origin(tmp_path, origin)
        assert (tmp_path / store.RUN).read_text() == dump(origin.document())
        assert read_origin(tmp_path) == origin


def test_a_file_is_replaced_whole_or_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "result.json"
    files.write(path, "old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(UserError, match=r"result\.json cannot be written: No space left on device"):
        files.write(path, "new")
    monkeypatch.undo()
    assert path.read_text() == "old"
    files.write(path, "new")
    assert path.read_text() == "new"
    store.clear(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_clearing_a_run_leaves_what_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    (tmp_path / store.TENSORBOARD / "train").mkdir(parents=True)
    sealed.append(tmp_path / store.EVENTS, {"event": "epoch"})
    store.clear(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("variant", ["..", "../elsewhere", "/tmp", "a/b", ".hidden", ""])
def test_no_name_leads_out_of_the_experiment(variant: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a name that becomes a folder needs"):
        store.run_folder(tmp_path, variant, 1)


def test_nothing_is_written_through_a_link_that_leads_out_of_the_experiment(tmp_path: Path) -> None:
    home = tmp_path / "experiment"
    for folder in (tmp_path / "elsewhere", home / "real"):
        folder.mkdir(parents=True)
    (home / "out").symlink_to(tmp_path / "elsewhere")
    (home / "within").symlink_to(home / "real")
    with pytest.raises(UserError, match=r"out leads out of .*: it is a symbolic link"):
        store.inside(home, store.run_folder(home, "out", 1))
    assert store.inside(home, store.run_folder(home, "within", 1)) == home / "within" / "seed-1"


@pytest.mark.parametrize("text", [None, "", "a: [", "- 1\n", "name: x\n", "name: x\ncompare: 3\n"])
def test_a_folder_that_is_no_experiment_is_refused(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / store.EXPERIMENT).write_text(text)
    with pytest.raises(UserError, match="is not the folder of an experiment"):
        store.read(tmp_path)


def test_what_stands_beside_the_runs_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / store.EXPERIMENT).write_text("name: x\ncompare: {seeds: 1}\n")
    for folder in ("none/seed-1", "none/seed-x", "none/notes", "some/seed-10"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "some/seed-10" / store.RESULT).write_text(json.dumps(sealed.seal({"status": "done", "schema": SCHEMA})))
    runs = store.read(tmp_path).runs
    statuses = [(run.variant, run.seed, run.result and run.result.status) for run in runs]
    assert statuses == [("none", 1, None), ("some", 10, "done")]
