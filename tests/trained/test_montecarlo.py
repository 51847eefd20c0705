"""A run that is evaluated by Monte Carlo samples too: what it leaves, that training doesn't notice, and that it comes back."""

import json
from pathlib import Path
from typing import Any

import pytest
from sweep.test_sweep import result, swept

from rnnlab.storage import store
from rnnlab.storage.evaluation_files import read_calibration
from rnnlab.storage.store import ExperimentRecord
from rnnlab.trained.loading import trained
from rnnlab.trained.verify import verify

SAMPLED = {"evaluation": {"montecarlo": {"samples": 3}}}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ExperimentRecord]:
    """A finished experiment that is evaluated as usual."""
    folder = tmp_path_factory.mktemp("plain")
    return folder, swept(folder, compare={"seeds": 1})[1]


@pytest.fixture(scope="module")
def sampled(plain: tuple[Path, ExperimentRecord]) -> tuple[dict[str, Any], Path, ExperimentRecord]:
    """The same, evaluated by samples too in a second call; and what its logs were before."""
    folder, _ = plain
    logs = {path: path.read_text() for path in folder.rglob(store.EVENTS)}  # with the seconds that each epoch took
    before = {one.variant: result(one) for one in plain[1].runs}
    sweep, record = swept(folder, compare={"seeds": 1}, **SAMPLED)
    assert sweep.made == 2
    assert {path: path.read_text() for path in folder.rglob(store.EVENTS)} == logs, "nothing is trained again"
    return before, folder, record


def timeless(metrics: dict[str, float]) -> dict[str, float]:
    """The metrics that do not say how long something took."""
    return {name: value for name, value in metrics.items() if "second" not in name and "throughput" not in name}


def test_by_itself_a_run_is_evaluated_as_usual(plain: tuple[Path, ExperimentRecord]) -> None:
    assert not [key for key in result(plain[1].runs[0]).metrics if "mc" in key or "coverage" in key]


def test_training_does_not_notice_and_both_ways_are_told(sampled: tuple[dict, Path, ExperimentRecord]) -> None:
    before, _, record = sampled
    for one in record.runs:
        metrics, old = result(one).metrics, before[one.variant].metrics
        assert {key: metrics[key] for key in old if "second" not in key and "throughput" not in key} == {
            key: old[key] for key in old if "second" not in key and "throughput" not in key
        }
        assert {"test_mc_root_mean_squared_error", "test_coverage_95", "test_mc_coverage_95"} <= metrics.keys()
        kept = read_calibration(one.folder)
        assert kept is not None
        assert kept["montecarlo"] == {"samples": 3, "seed": 1, "word_dropout": True}
        assert kept["usual"]["covered"][9] == metrics["test_coverage_50"]
    none, some = (result(one).metrics for one in record.runs)
    assert none["test_mc_root_mean_squared_error"] == none["test_root_mean_squared_error"]
    assert some["test_mc_root_mean_squared_error"] != some["test_root_mean_squared_error"]
    assert some["test_mc_predictive_deviation"] > 0 == none["test_mc_predictive_deviation"]


@pytest.mark.slow
def test_every_bit_comes_back(sampled: tuple[dict, Path, ExperimentRecord]) -> None:
    _, folder, record = sampled
    run = record.runs[1].folder
    assert trained(run).ended.result.metrics["test_mc_mean_absolute_error"] > 0
    assert all(verify(run).agree.values())
    metrics = json.loads((run / store.RESULT).read_text())["metrics"]
    (run / store.RESULT).unlink()
    (run / store.CALIBRATION).write_text("{}")  # as if killed during the evaluation
    sweep, again = swept(folder, compare={"seeds": 1}, **SAMPLED)
    assert sweep.made == 1
    assert timeless(result(again.runs[1]).metrics) == timeless(metrics)


def test_a_damaged_calibration_is_told_and_made_again(sampled: tuple[dict, Path, ExperimentRecord]) -> None:
    _, folder, record = sampled
    path = record.runs[0].folder / store.CALIBRATION
    path.write_text(path.read_text().replace("0.05", "0.06"))
    assert read_calibration(path.parent) is None
    assert store.read_run(path.parent).damaged == [store.CALIBRATION]
    assert swept(folder, compare={"seeds": 1}, **SAMPLED)[0].made == 1
    assert store.read_run(path.parent).damaged == []
