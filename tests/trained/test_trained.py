"""The model of a finished run: its metrics are those that the run recorded, and what is no finished run is refused."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sweep.test_sweep import swept

from rnnlab.errors import UserError
from rnnlab.storage import store
from rnnlab.trained.loading import trained
from rnnlab.training import weights_file
from rnnlab.training.fit import evaluate


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an experiment whose best epoch is not the last one."""
    training = {"epochs": 4, "optimizer": {"name": "sgd", "learning_rate": 0.9, "momentum": 0.9}}
    return swept(tmp_path_factory.mktemp("trained"), training=training, compare={"seeds": 1})[0].folder


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    """A finished run, to do something to it."""
    shutil.copytree(made / "some", tmp_path / "some")
    return tmp_path / "some" / "seed-1"


def test_the_metrics_of_the_best_epoch_come_back_to_the_bit(made: Path) -> None:
    model, dataset, (record, result, _) = trained(made / "some" / "seed-1")
    assert result.best_epoch < result.epochs
    metrics = evaluate(model, dataset)
    assert metrics == {name: result.metrics[name] for name in metrics}
    assert record.variant == "some"


@pytest.mark.slow
def test_a_run_of_no_epochs_has_the_weights_that_it_began_with(tmp_path: Path) -> None:
    folder = swept(tmp_path, training={"epochs": 0}, compare={"seeds": 1})[0].folder
    model, dataset, (_, result, _) = trained(folder / "none" / "seed-1")
    assert evaluate(model, dataset)["test_loss"] == result.metrics["test_loss"]


def test_what_left_no_model_is_refused(run: Path) -> None:
    def change(**result: Any) -> None:
        before = store.read_run(run).result
        assert before
        store.write_result(run, replace(before, **result))

    def not_finite() -> None:
        model = trained(run).model
        model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
        change(weights=weights_file.write(run / store.WEIGHTS, model))

    cases: list[tuple[Callable[[], object], str]] = [
        (not_finite, "diverged before it finished an epoch"),
        (lambda: flip(run / store.WEIGHTS), "best.weights.h5 is damaged: its checksum is wrong"),
        (lambda: (run / store.WEIGHTS).unlink(), "best.weights.h5 is damaged; rnnlab run repairs it"),
        (lambda: change(weights=None), "has no best.weights.h5; rnnlab run makes it again"),
        (lambda: change(data="0"), "was trained on other data than 'adding' is now"),
        (lambda: change(status="failed"), "has failed: it has left no trained model"),
        (lambda: (run / store.RESULT).unlink(), "has not ended"),
        (lambda: (run / store.RUN).unlink(), "is not the folder of a run"),
    ]
    for damage, told in cases:
        damage()
        with pytest.raises(UserError, match=told):
            trained(run)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_the_weights_of_another_run_are_not_taken(made: Path, run: Path) -> None:
    shutil.copy(made / "none" / "seed-1" / store.WEIGHTS, run / store.WEIGHTS)
    with pytest.raises(UserError, match="is damaged"):
        trained(run)
