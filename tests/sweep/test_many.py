"""Many runs cost their reading once: counted, as no test can promise a time."""

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import made_runs
import pytest
from click.testing import CliRunner

from rnnlab.cli import main
from rnnlab.config import load
from rnnlab.data.build_dataset import build
from rnnlab.storage import store
from rnnlab.sweep.sweep import run
from rnnlab.tensorboard import seed_means

DATA = {"name": "adding", "length": 4, "examples": {"train": 20, "validation": 10, "test": 10}, "batch_size": 10}
MODEL = {"recurrent": [{"cell": "lstm", "units": 2}]}


@pytest.fixture
def many(make: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a finished experiment of 3 variants and 20 seeds."""
    training = {"epochs": 6, "monitor": "loss"}
    monkeypatch.setattr(made_runs, "CONFIG", {"name": "made", "data": DATA, "model": MODEL, "training": training})
    patches = {name: {"model.recurrent.0.dropout": rate} for name, rate in (("a", 0.0), ("b", 0.1), ("c", 0.2))}
    folder: Path = make.experiment(dict.fromkeys(patches, 0.0), patches, seeds=20)
    for spec in make.specs.values():
        make.run(folder, spec, 1.0, data=build(spec.config.data).sha256, monitor="val_loss")
    return folder


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Counter[Path]:
    """How often each run has been read."""
    often: Counter[Path] = Counter()
    read_run = store.read_run

    def counted(folder: Path) -> store.RunRecord:
        often[folder] += 1
        return read_run(folder)

    monkeypatch.setattr(store, "read_run", counted)
    return often


def test_plan_and_list_read_every_run_once(many: Path, read: Counter[Path]) -> None:
    for verb in (["plan", str(many / store.EXPERIMENT), "--runs", str(many.parent)], ["list", "--runs", str(many.parent)]):
        read.clear()
        done = CliRunner().invoke(main, verb)
        assert done.exit_code == 0, done.output
        assert [*read.values()] == 60 * [1], verb
    assert done.output.split()[-4:] == ["60", "0", "0", "0"]


def test_a_finished_sweep_reads_every_run_once(many: Path, read: Counter[Path]) -> None:
    assert run(load(many / store.EXPERIMENT), many.parent).made == 0
    assert [*read.values()] == 60 * [1]


def test_mean_curves_of_many_seeds_are_written_in_time_and_seldom(tmp_path: Path) -> None:
    written = []
    for seed in range(1, 201):
        (tmp_path / f"seed-{seed}").mkdir()
        (tmp_path / f"seed-{seed}" / store.RESULT).touch()
        written += [seed] if seed_means.due(tmp_path) else []
    assert written[:8] == [*range(1, 9)]
    assert all(later <= 1.25 * earlier for earlier, later in pairwise(written[7:]))
    assert sum(written) < 10 * 200, "all runs up to then are read each time"
