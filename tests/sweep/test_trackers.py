"""Trackers: told of every epoch and run once, deciding nothing, stopping nothing; MLflow on a server, W&B in its folder."""

import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest

import rnnlab
from rnnlab import register, sealed
from rnnlab.config import ConfigError, Experiment
from rnnlab.section import Section
from rnnlab.storage import store
from rnnlab.sweep import tracking
from rnnlab.sweep.sweep import run
from rnnlab.sweep.told import Memory, Told
from rnnlab.sweep.tracking import Tracking, report
from rnnlab.trackers.builtin_trackers import Mlflow
from rnnlab.trackers.tracker import Begun, Ended, made

DOCUMENT = {
    "name": "told",
    "data": {"name": "adding", "length": 4, "examples": {"train": 32, "validation": 16, "test": 16}},
    "model": {"recurrent": [{"units": 2}]},
    "training": {"epochs": 2},
    "compare": {"seeds": 1, "variants": {"none": {}, "gal": {"recurrent_dropout": 0.2}}},
    "executor": {"name": "in_process"},
}


class Options(Section):
    """Options of the tracker of the tests."""

    at: str = ""
    """Where it fails."""


class Kept:
    """What a tracker was told of a run."""

    def __init__(self, run):
        self.run, self.name, self.epochs, self.ended = run, run.name, [], None


@pytest.fixture
def tracked():
    """A tracker that keeps what it is told, in a list with an entry for each run that it begins."""
    told = []

    @register.tracker("kept", options=Options)
    class Tracker:
        """Keeps what it is told, or fails where it is told to: `at` a method."""

        def __init__(self, at):
            self.at = at

        def begin(self, run, known):
            assert self.at != "begin", "nobody is there"
            if known is None:
                told.append(Kept(run))
            return known or str(len(told) - 1)

        def epoch(self, known, epoch, metrics):
            assert self.at != "epoch", "nobody is there"
            told[int(known)].epochs.append((epoch, metrics))

        def end(self, known, run, ended):
            assert self.at != "end", "nobody is there"
            told[int(known)].ended = ended

        def report(self, experiment, path):
            assert self.at != "report", "nobody is there"
            told.append((experiment, path.read_text()))

    return told


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of results of an experiment without trackers."""
    folder = tmp_path_factory.mktemp("finished")
    assert run(Experiment.from_dict(DOCUMENT), folder).exit_status == 0
    return folder / "told"


def with_trackers(*trackers):
    return Experiment.from_dict({**DOCUMENT, "trackers": list(trackers)})


def tell(experiment, folder, say=print):
    """Tell the trackers of all finished runs of a folder."""
    with Tracking(experiment, folder, say) as tracking:
        for spec in experiment.runs():
            tracking.run(spec, store.read_run(store.run_folder(folder, spec.variant, spec.seed)).result)


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


@pytest.fixture
def going(finished, tmp_path):
    """The folder of a run as it is when so many epochs have ended, and what its tracking hears."""
    folder = tmp_path / "told"
    shutil.copytree(finished, folder)
    lines = (finished / "none/seed-1/events.jsonl").read_text().splitlines(keepends=True)
    return lambda epochs: (folder / "none/seed-1/events.jsonl").write_text("".join(lines[:epochs])), folder


def kept_run():
    """The experiment that is told to the tracker `kept`, and its run without noise."""
    experiment = with_trackers({"name": "kept"})
    spec = next(spec for spec in experiment.runs() if spec.variant == "none")
    return experiment, spec


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


def test_an_epoch_that_was_told_before_another_one_failed_is_told_once(finished):
    told, failing = [], [2]

    @register.tracker("flaky")
    class Flaky:
        """Fails once."""

        def begin(self, run, known):
            return run.name

        def epoch(self, known, epoch, metrics):
            if epoch in failing:
                failing.remove(epoch)
                raise OSError("nobody is there")
            told.append((known, epoch))

        def end(self, known, run, ended):
            told.append((known, ended.status))

    for _ in range(2):
        tell(with_trackers({"name": "flaky"}), finished)
    (finished / "trackers.json").unlink()
    assert len(told) == 6
    assert set(told) == {(f"{name}/seed-1", what) for name in ("none", "gal") for what in (1, 2, "done")}


def test_several_writers_lose_nothing_of_what_was_told(tmp_path):
    specs = with_trackers().runs()

    def write(spec):
        for number in range(10):
            Memory(tmp_path).keep(f"tracker {number}", spec, Told("fingerprint", "known"))

    with ThreadPoolExecutor(len(specs)) as threads:
        list(threads.map(write, specs))
    assert all(Memory(tmp_path).of(f"tracker {number}", spec) for spec in specs for number in range(10))


class Silent:
    """A display that shows nothing."""

    def begin(self, spec, unit):
        return self

    def end_epoch(self, logs):
        """Show nothing."""


def wait_until(holds):
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("at", ["begin", "epoch", "end"])
def test_one_that_fails_says_so_once_and_the_others_are_told(at, tracked, finished):
    said = []
    tell(with_trackers({"name": "kept", "at": at}, {"name": "kept"}), finished, said.append)
    (finished / "trackers.json").unlink()
    assert said == [
        "the tracker kept failed and is left out, the runs continue: AssertionError: nobody is there",
    ]
    assert sum(bool(one.ended) for one in tracked) == 2


def test_one_that_exits_is_left_out_and_the_others_are_told(tracked, finished):
    @register.tracker("leaving")
    class Leaving:
        """Exits, as a library does that thinks that it owns the process."""

        def begin(self, run, known):
            sys.exit("no account")

    said = []
    tell(with_trackers({"name": "leaving"}, {"name": "kept"}), finished, said.append)
    (finished / "trackers.json").unlink()
    assert said == ["the tracker leaving failed and is left out, the runs continue: SystemExit: no account"]
    assert sum(bool(one.ended) for one in tracked) == 2


def test_one_that_failed_is_told_by_the_next_call(tracked, finished):
    tell(with_trackers({"name": "kept", "at": "begin"}), finished)
    tell(with_trackers({"name": "kept"}), finished)
    tell(with_trackers({"name": "kept"}), finished)
    (finished / "trackers.json").unlink()
    assert len(tracked) == 2


def test_one_that_does_not_answer_is_left(finished, monkeypatch):
    never, said = Event(), []

    @register.tracker("silent")
    class Silent:
        """Waits."""

        def begin(self, run, known):
            never.wait()

    monkeypatch.setattr(tracking, "PATIENCE", 0.3)
    begin = time.monotonic()
    tell(with_trackers({"name": "silent"}), finished, said.append)
    assert time.monotonic() - begin < 10
    assert said == ["a tracker has not answered for 0 s and is abandoned; the next command sends the rest"]
    never.set()


def test_an_error_waits_for_no_queue(finished, monkeypatch):
    never, said = Event(), []

    @register.tracker("slow")
    class Slow:
        """Takes its time."""

        def begin(self, run, known):
            never.wait(1)
            return run.name

    monkeypatch.setattr(tracking, "HURRY", 0.2)
    begin = time.monotonic()
    with suppress(ZeroDivisionError), Tracking(with_trackers({"name": "slow"}), finished, said.append) as telling:
        for spec in with_trackers().runs():
            telling.run(spec, store.read_run(store.run_folder(finished, spec.variant, spec.seed)).result)
        raise ZeroDivisionError
    assert time.monotonic() - begin < 0.9
    assert said == ["a tracker has not received everything; the next command sends the rest"]
    never.set()
    telling._thread.join()
    (finished / "trackers.json").unlink(missing_ok=True)


def test_an_experiment_that_another_process_makes_meanwhile_is_taken():
    class Client:
        names = iter([None, SimpleNamespace(experiment_id="7")])

        def get_experiment_by_name(self, name):
            return next(self.names)

        def create_experiment(self, name):
            raise RuntimeError("it exists")

    mlflow = object.__new__(Mlflow)
    mlflow._client, mlflow._experiment = Client(), None
    assert mlflow._place("told") == "7"


@pytest.mark.slow
@pytest.mark.parametrize("at", ["epoch", "report"])
def test_one_that_fails_stops_no_run(at, tracked, tmp_path, capsys):
    study = rnnlab.run(with_trackers({"name": "kept", "at": at}), tmp_path)
    assert study.sweep.exit_status == 0
    assert capsys.readouterr().out.count("the tracker kept failed and is left out") == 1


@pytest.mark.slow
def test_python_gives_the_report_too(tracked, tmp_path):
    study = rnnlab.run(with_trackers({"name": "kept"}), tmp_path)
    assert tracked[-1] == ("told", (study.folder / "report.html").read_text())
    assert [one.ended.weights.parent.name for one in tracked[:-1]] == ["seed-1", "seed-1"]
    rnnlab.run(with_trackers({"name": "kept"}), tmp_path)
    assert len(tracked) == 3


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A real MLflow server on loopback, its store a SQLite file."""
    for package in ("mlflow", "flask", "flask_cors", "aiohttp", "huey", "sqlalchemy"):
        pytest.importorskip(package, reason="the packages of an MLflow server are not installed")
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder}/store.db", "--artifacts-destination", str(folder / "artifacts")]
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    uri, end = f"http://127.0.0.1:{port}", time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(f"{uri}/health", timeout=5) as answer:
            if answer.status == 200:
                break
        time.sleep(0.5)
    else:
        pytest.fail((folder / "log").read_text()[-2000:])
    yield uri
    os.killpg(process.pid, 15)
    process.wait()


@pytest.mark.slow
@pytest.mark.process
def test_a_server_of_mlflow_has_it_all(server, finished, tmp_path):
    from mlflow import MlflowClient

    said, experiment = [], with_trackers({"name": "mlflow", "uri": server})
    (tmp_path / "made").mkdir()
    page = tmp_path / "made" / "report.html"
    page.write_text("<p>told</p>")
    tell(experiment, finished, said.append)
    report(experiment, finished, page, said.append)
    (finished / "trackers.json").unlink()
    assert said == []
    client = MlflowClient(server)
    place = client.get_experiment_by_name("told").experiment_id
    (gal,) = client.search_runs([place], "tags.variant = 'gal'")
    result = store.read_run(finished / "gal/seed-1").result
    assert (gal.info.run_name, gal.info.status, gal.data.tags["seed"]) == ("gal/seed-1", "FINISHED", "1")
    assert gal.data.tags["fingerprint"] == result.fingerprint
    assert gal.data.params["model.recurrent.0.recurrent_dropout"] == "0.2"
    assert gal.data.metrics["test_loss"] == pytest.approx(result.metrics["test_loss"])
    curve = client.get_metric_history(gal.info.run_id, "validation/loss")
    told = [epoch.validation["loss"] for epoch in store.read_run(finished / "gal/seed-1").epochs]
    assert [point.step for point in curve] == [1, 2]
    assert [point.value for point in curve] == pytest.approx(told)
    weights = client.download_artifacts(gal.info.run_id, "best.weights.h5", str(tmp_path))
    assert Path(weights).read_bytes() == (finished / "gal/seed-1/best.weights.h5").read_bytes()
    (of_report,) = client.search_runs([place], "tags.variant = 'report'")
    assert Path(client.download_artifacts(of_report.info.run_id, "report.html", str(tmp_path))).read_text() == "<p>told</p>"


@pytest.mark.slow
@pytest.mark.process
def test_a_server_of_mlflow_follows_a_run_that_is_killed_and_goes_on(server):
    from mlflow import MlflowClient

    section = with_trackers({"name": "mlflow", "uri": server, "experiment": "live"}).config.trackers[0]
    run, client = Begun("live", "gal", 1, "fingerprint", {"training.epochs": 2}), MlflowClient(server)
    first, second = made(section), made(section)
    known = first.begin(run, None)
    first.epoch(known, 1, {"train/loss": 0.5})
    assert client.get_run(known).info.status == "RUNNING"
    assert client.get_run(known).data.metrics["train/loss"] == 0.5
    assert second.begin(run, known) == known
    second.epoch(known, 2, {"train/loss": 0.25})
    second.end(known, run, Ended("diverged", "no finite loss", 2, {}, None))
    assert [(point.step, point.value) for point in client.get_metric_history(known, "train/loss")] == [(1, 0.5), (2, 0.25)]
    assert (client.get_run(known).info.status, client.get_run(known).data.tags["error"]) == ("FAILED", "no finite loss")
    assert len(client.search_runs([client.get_experiment_by_name("live").experiment_id])) == 1


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


@pytest.mark.slow
@pytest.mark.process
def test_a_run_that_was_deleted_on_a_server_of_mlflow_is_begun_anew(server):
    from mlflow import MlflowClient

    section = with_trackers({"name": "mlflow", "uri": server, "experiment": "deleted"}).config.trackers[0]
    run, client = Begun("deleted", "gal", 1, "fingerprint", {}), MlflowClient(server)
    known = made(section).begin(run, None)
    client.delete_run(known)
    anew = made(section).begin(run, known)
    assert anew != known
    assert client.get_run(anew).info.status == "RUNNING"
    assert made(section).begin(run, "0" * 32) not in (known, anew, "0" * 32)
    assert made(section).begin(run, anew) == anew


@pytest.mark.slow
@pytest.mark.process
def test_a_server_that_is_away_stops_nothing(finished):
    pytest.importorskip("mlflow", reason="mlflow is not installed")
    said = []
    tell(with_trackers({"name": "mlflow", "uri": "http://127.0.0.1:9"}), finished, said.append)
    assert len(said) == 1
    assert said[0].startswith("the tracker mlflow failed and is left out, the runs continue: MlflowException")


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
