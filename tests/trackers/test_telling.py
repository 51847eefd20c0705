"""Trackers are told of every epoch and run once, however often a run was killed and whoever told it."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from trackers.told_runs import DOCUMENT, Silent, kept_run, tell, wait_until, with_trackers

import rnnlab
from rnnlab import sealed
from rnnlab.config import ConfigError, Experiment
from rnnlab.storage import store
from rnnlab.sweep.sweep import run
from rnnlab.sweep.told import Memory, Told
from rnnlab.sweep.tracking import Tracking
from rnnlab.trackers.tracker import made


def test_they_belong_to_no_run(tracked):
    plain, told = Experiment.from_dict(DOCUMENT), with_trackers({"name": "kept"})
    assert [spec.fingerprint for spec in plain.runs()] == [spec.fingerprint for spec in told.runs()]
    with pytest.raises(ConfigError, match=r"unknown name 'mlfow' \(did you mean mlflow\?\)"):
        with_trackers({"name": "mlfow"})


@pytest.mark.slow
def test_a_sweep_tells_of_each_run_once_also_of_those_that_were_made_before(tracked, tmp_path):
    run(Experiment.from_dict(DOCUMENT), tmp_path)
    before = store.read_run(tmp_path / "told/none/seed-1").result
    more = {**DOCUMENT, "trackers": [{"name": "kept"}], "compare": {**DOCUMENT["compare"], "seeds": 2}}
    for _ in range(2):
        assert run(Experiment.from_dict(more), tmp_path).exit_status == 0
    assert sorted(one.name for one in tracked) == ["gal/seed-1", "gal/seed-2", "none/seed-1", "none/seed-2"]
    assert store.read_run(tmp_path / "told/none/seed-1").result == before


def test_it_is_told_parameters_metrics_by_step_and_weights(tracked, finished):
    tell(with_trackers({"name": "kept"}), finished)
    (finished / "trackers.json").unlink()
    gal = next(one for one in tracked if one.run.variant == "gal")
    result = store.read_run(finished / "gal/seed-1").result
    assert gal.run.parameters["model.recurrent.0.recurrent_dropout"] == 0.2
    assert [epoch for epoch, _ in gal.epochs] == [1, 2]
    assert gal.epochs[0][1]["validation/loss"] > 0
    assert gal.ended.metrics["test_loss"] == result.metrics["test_loss"]
    assert (gal.run.experiment, gal.run.seed, gal.run.fingerprint) == ("told", 1, result.fingerprint)
    assert (gal.ended.status, gal.ended.epochs, gal.ended.weights) == ("done", 2, finished / "gal/seed-1/best.weights.h5")


def test_an_epoch_is_told_when_it_has_ended_and_once_though_the_run_was_killed(tracked, going):
    until, folder = going
    experiment, spec = kept_run()
    result = store.read_run(folder / "none/seed-1").result
    until(1)
    with Tracking(experiment, folder, print) as tracking:
        run = tracking.watching(Silent()).begin(spec, "examples")
        run.end_epoch({})
        wait_until(lambda: tracked and len(tracked[0].epochs) == 1)
        assert tracked[0].ended is None
    until(2)
    with Tracking(experiment, folder, print) as tracking:
        tracking.watching(Silent()).begin(spec, "examples").end_epoch({})
        tracking.run(spec, result)
        tracking.run(spec, result)
    (one,) = tracked
    assert [epoch for epoch, _ in one.epochs] == [1, 2]
    assert one.ended.status == "done"


def test_a_run_that_is_made_anew_after_a_kill_is_another_one_there(tracked, going):
    until, folder = going
    experiment, spec = kept_run()
    for damage in (False, True):
        until(2)
        if damage:
            events = folder / "none/seed-1/events.jsonl"
            sealed.write(events, [{**one, "train": {"loss": 0.5}} for one in sealed.read(events)])
        with Tracking(experiment, folder, print) as tracking:
            tracking.watching(Silent()).begin(spec, "examples").end_epoch({})
    assert [len(one.epochs) for one in tracked] == [2, 2]


def test_an_epoch_that_is_trained_again_after_a_kill_is_told_once(tracked, going):
    _, folder = going
    experiment, spec = kept_run()
    events = folder / "none/seed-1/events.jsonl"
    for _ in range(2):
        with Tracking(experiment, folder, print) as tracking:
            tracking.watching(Silent()).begin(spec, "examples").end_epoch({})
        sealed.write(events, [{**one, "seconds": 2 * one["seconds"]} for one in sealed.read(events)])
    (one,) = tracked
    assert [epoch for epoch, _ in one.epochs] == [1, 2]


def test_epochs_that_are_trained_again_after_a_kill_are_told_once(tracked, going):
    until, folder = going
    experiment, spec = kept_run()
    for epochs in (2, 1, 2):
        until(epochs)
        with Tracking(experiment, folder, print) as tracking:
            tracking.watching(Silent()).begin(spec, "examples").end_epoch({})
    (one,) = tracked
    assert [epoch for epoch, _ in one.epochs] == [1, 2]


def test_a_failed_run_that_is_done_without_another_epoch_is_told_again(tracked, going):
    _, folder = going
    experiment, spec = kept_run()
    result = store.read_run(folder / "none/seed-1").result
    for status in ("failed", "failed", "done", "done"):
        with Tracking(experiment, folder, print) as tracking:
            tracking.run(spec, replace(result, status=status))
    assert [one.ended.status for one in tracked] == ["failed", "done"]


def test_what_another_process_has_told_meanwhile_is_not_told_again(tracked, going):
    until, folder = going
    experiment, spec = kept_run()
    result = store.read_run(folder / "none/seed-1").result
    until(1)
    with Tracking(experiment, folder, print) as tracking:
        run = tracking.watching(Silent()).begin(spec, "examples")
        run.end_epoch({})
        wait_until(lambda: tracked and len(tracked[0].epochs) == 1 and told_epochs(folder) == 1)
        until(2)
        with Tracking(experiment, folder, print) as other:
            other.run(spec, result)
        run.end_epoch({})
        tracking.run(spec, result)
    (one,) = tracked
    assert [epoch for epoch, _ in one.epochs] == [1, 2]


def told_epochs(folder):
    (runs,) = json.loads((folder / "trackers.json").read_text()).values()
    return runs["none/seed-1"]["epochs"]


def test_several_writers_lose_nothing_of_what_was_told(tmp_path):
    specs = with_trackers().runs()

    def write(spec):
        for number in range(10):
            Memory(tmp_path).keep(f"tracker {number}", spec, Told("fingerprint", "known"))

    with ThreadPoolExecutor(len(specs)) as threads:
        list(threads.map(write, specs))
    assert all(Memory(tmp_path).of(f"tracker {number}", spec) for spec in specs for number in range(10))


@pytest.mark.slow
def test_python_gives_the_report_too(tracked, tmp_path):
    study = rnnlab.run(with_trackers({"name": "kept"}), tmp_path)
    assert tracked[-1] == ("told", (study.folder / "report.html").read_text())
    assert [one.ended.weights.parent.name for one in tracked[:-1]] == ["seed-1", "seed-1"]
    rnnlab.run(with_trackers({"name": "kept"}), tmp_path)
    assert len(tracked) == 3


def test_a_run_that_is_gone_there_is_told_from_its_first_epoch_and_it_is_said(tracked, going, monkeypatch):
    until, folder = going
    (experiment, spec), said = kept_run(), []

    def follow(epochs):
        until(epochs)
        with Tracking(experiment, folder, said.append) as tracking:
            tracking.watching(Silent()).begin(spec, "examples").end_epoch({})

    follow(1)
    tracker = type(made(experiment.config.trackers[0]))
    monkeypatch.setattr(tracker, "begin", lambda self, run, known, begin=tracker.begin: begin(self, run, None))
    follow(2)
    assert [[epoch for epoch, _ in one.epochs] for one in tracked] == [[1], [1, 2]]
    assert said == ["the tracker kept no longer has none/seed-1 as 0: everything is sent again, as 1"]
