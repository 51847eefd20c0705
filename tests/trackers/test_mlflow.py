"""MLflow on a server."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from trackers.told_runs import tell, with_trackers

from rnnlab.storage import store
from rnnlab.sweep.tracking import report
from rnnlab.trackers.builtin_trackers import Mlflow
from rnnlab.trackers.tracker import Begun, Ended, made


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
