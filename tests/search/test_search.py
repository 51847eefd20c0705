"""A search: on validation alone, seeded, the same after a kill, its winners run on other seeds."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from rnnlab.cli import main
from rnnlab.config import ConfigError, Experiment, load
from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import DataConfig
from rnnlab.data.dataset import Dataset
from rnnlab.errors import UserError
from rnnlab.search import trial, tuning, variant_search
from rnnlab.storage.store import read
from rnnlab.training.checkpoint import Slot

TINY = """
name: tiny
data: {name: adding, length: 4, examples: {train: 24, validation: 8, test: 8}, batch_size: 8}
model: {recurrent: [{units: 3}]}
training: {epochs: 2}
compare:
  variants:
    plain: {}
    noisy: {recurrent_dropout: {scheme: zoneout, cell: 0.1, hidden: 0.0}}
  seeds: 1
executor: {name: in_process}
search:
  variants:
    noisy:
      model.recurrent.0.recurrent_dropout.cell: {low: 0.1, high: 0.6}
      training.optimizer.learning_rate: {low: 1.0e-3, high: 1.0, log: true}
      units: [2, 4]
  trials: 3
  seed: 3
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    (tmp_path / "tiny.yaml").write_text(TINY)
    return tmp_path / "tiny.yaml"


def trials(experiment: Experiment, runs: Path) -> list[Any]:
    study = variant_search.Search(experiment, "noisy", runs / "tiny" / tuning.FOLDER).study()
    return [(one.number, one.state.name, one.params, one.value, one.intermediate_values) for one in study.trials]


@pytest.mark.slow
def test_a_killed_search_goes_on_to_the_same_trials_and_never_reads_test_data(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment, said = load(tiny), []

    def without_test(config: DataConfig) -> Dataset:
        part = replace(whole := build(config), test=SimpleNamespace(varied=False))
        vars(part)["sha256"] = whole.sha256
        return part

    monkeypatch.setattr(variant_search, "build", without_test)
    whole = tuning.searched(experiment, tmp_path / "whole", said.append)
    assert len(said) == 3

    report, left = trial.Report.on_epoch_end, iter([False, False, False, True] + [False] * 99)

    def killing(self: Any, epoch: int, logs: dict | None = None) -> None:
        report(self, epoch, logs)
        if next(left):
            raise KeyboardInterrupt

    monkeypatch.setattr(trial.Report, "on_epoch_end", killing)
    with pytest.raises(KeyboardInterrupt):
        tuning.searched(experiment, tmp_path / "killed", said.append)
    again = tuning.searched(experiment, tmp_path / "killed", said.append)
    assert again == whole
    assert trials(experiment, tmp_path / "killed") == trials(experiment, tmp_path / "whole")
    made = trials(experiment, tmp_path / "whole")
    assert len({json.dumps(params, sort_keys=True) for _, _, params, *_ in made}) == 3
    best = min((one for one in made if one[1] == "COMPLETE"), key=lambda one: one[3])
    tuned = whole.variants["noisy"]
    assert tuned.training.optimizer.learning_rate == best[2]["training.optimizer.learning_rate"]
    assert tuned.model.recurrent[0].recurrent_dropout.spelling["cell"] == best[2]["model.recurrent.0.recurrent_dropout.cell"]
    assert tuned.model.recurrent[0].units == [2, 4][best[2]["units"]]
    assert whole.variants["plain"] == experiment.variants["plain"]
    assert whole.config.search is None
    assert best[3] == min(best[4].values())
    seen = len(said)
    tuning.searched(experiment, tmp_path / "killed", said.append)
    assert len(said) == seen  # nothing is left to try


@pytest.mark.parametrize("damage", ["torn", "flipped", "foreign", "all of it"])
def test_a_damaged_journal_is_told_and_its_later_trials_made_again(
    damage: str, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The values of a trial come from its number, so that a trial made again is the same."""
    experiment, said, trained = load(tiny), [], []
    monkeypatch.setattr(trial, "monitored_value", lambda config, *_: (trained.append(config) or float(len(trained)), False))
    whole = tuning.searched(experiment, tmp_path, said.append)
    before, journal = trials(experiment, tmp_path), tmp_path / "tiny" / tuning.FOLDER / "noisy" / variant_search.JOURNAL
    lines = journal.read_bytes().splitlines(keepends=True)
    last = max(n for n, line in enumerate(lines) if b'"trial_id":2' in line)
    lines[last:] = {
        "torn": [lines[last][:-9]],
        "flipped": [lines[last].replace(b'"trial_id":2', b'"trial_id":0'), *lines[last + 1 :]],
        "foreign": [b'{"op_code": 9}\n', *lines[last + 1 :]],
        "all of it": [],
    }[damage]
    journal.write_bytes(b"\0" * 40 if damage == "all of it" else b"".join(lines))
    if damage in ("torn", "all of it"):  # a line without its end, as it is while another process writes
        assert tuning.finished(experiment, tmp_path) is None
    else:
        with pytest.raises(UserError, match=r"journal.log is damaged; rnnlab run goes on from the trials before the damage"):
            tuning.finished(experiment, tmp_path)
    said.clear()
    trained[:] = trained[: 0 if damage == "all of it" else 2]
    assert tuning.searched(experiment, tmp_path, said.append) == whole
    assert len(trained) == 3
    assert "journal.log was damaged; noisy goes on from the trials before the damage" in said[0]
    assert trials(experiment, tmp_path) == before
    assert tuning.finished(experiment, tmp_path) == whole


def test_a_link_out_of_the_folder_is_not_followed(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "tiny").mkdir()
    link = tmp_path / "tiny" / tuning.FOLDER
    for place in (link, link / "noisy"):
        place.symlink_to(tmp_path / "elsewhere")
        for ask in (tuning.searched, lambda *given: list(tuning.outlook(*given[:2]))):
            with pytest.raises(UserError, match=f"{place} leads out of .*tiny: it is a symbolic link"):
                ask(load(tiny), tmp_path, print)
        link.unlink() if place == link else None
        link.mkdir(exist_ok=True)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_without_optuna_it_says_what_to_install(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UserError, match=r"a search needs Optuna: pip install 'rnnlab\[search\]'"):
        tuning.searched(load(tiny), tmp_path, print)


def test_run_searches_first_and_runs_the_winners_on_other_seeds(tiny: Path, tmp_path: Path) -> None:
    def call(*words: object) -> Any:
        return CliRunner().invoke(main, [*map(str, words), "--runs", str(tmp_path / "runs")], catch_exceptions=False)

    short = (tiny, "search.trials=1", "training.epochs=1")
    assert "noisy: 1 trials of up to 1 epochs" in call("plan", *short).stderr
    assert not (tmp_path / "runs").exists()
    done = call("run", *short)
    assert done.exit_code == 0, done.output
    assert "search: noisy trial 1/1" in done.output
    record = read(tmp_path / "runs" / "tiny")
    assert [(run.variant, run.seed, run.result and run.result.status) for run in record.runs] == [
        ("noisy", 1, "done"),
        ("plain", 1, "done"),
    ]
    planned = call("plan", *short, "--json")
    assert [row["done"] for row in json.loads(planned.stdout)] == [1, 1]
    assert "1 done" in planned.stderr
    with pytest.raises(UserError, match="search of another config"):
        tuning.searched(load(tiny, ["data.length=5"]), tmp_path / "runs", print)


@pytest.mark.slow
def test_a_trial_that_is_pruned_stops_and_one_that_diverges_has_no_value(tiny: Path, tmp_path: Path) -> None:
    reported: list[int] = []

    def asked(prune: bool) -> Any:
        return SimpleNamespace(report=lambda value, step: reported.append(step), should_prune=lambda: prune)

    for prune, rate, expected in ((True, 1e-3, [0]), (False, 1e30, [0])):
        config = load(tiny, ["training.optimizer.name=sgd", f"training.optimizer.learning_rate={rate}"]).variants["plain"]
        reported.clear()
        value, pruned = trial.monitored_value(
            config, build(config.data), 1, asked(prune), Slot(tmp_path / f"{rate}" / "state", None)
        )
        assert pruned == prune
        assert (value is None) == (rate > 1) or np.isfinite(value)
        assert reported == expected


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("search.train_seed=1", "the comparison must run on seeds that the search never used"),
        ("compare.grid={units: [2, 3]}", "crossed in compare.grid or searched for, not both"),
        ("search.variants={nosy: {units: [2]}}", "there is no such variant (did you mean noisy?)"),
        ("search.space={dropout: {low: 0.5, high: 0.1}}", "must be above low, 0.5"),
        ("search.space={dropout: {low: 0.0, high: 0.1, log: true}}", "a logarithmic range begins above 0"),
        ("search.trials=0", "must be greater than or equal to 1"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(tiny: Path, override: str, message: str) -> None:
    with pytest.raises(ConfigError) as told:
        load(tiny, [override])
    assert message in str(told.value)


def test_a_path_that_leads_nowhere_is_told_before_a_trial(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="rcurrent"):
        tuning.searched(load(tiny, ["search.space={rcurrent: [1, 2]}"]), tmp_path / "runs", print)
    assert not (tmp_path / "runs").exists()
