"""Trials of other code, data or versions are moved aside or refused as runs are, never mixed with new ones."""

import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from rnnlab import backend, plugins
from rnnlab.cli import main
from rnnlab.config import Experiment, load
from rnnlab.data.build_dataset import build
from rnnlab.errors import UserError
from rnnlab.search import trial, tuning
from rnnlab.storage.aside import ASIDE, REASONS
from rnnlab.sweep import makers

CELL = """
import rnnlab

@rnnlab.register.cell("leaky", states=("hidden",), gates=("candidate",), products={"candidate": 1}, sites=("hold_hidden",))
def leaky(x, states, noise, p, matmul, tanh, sigmoid, see):
    (h,) = states
    h_new = 0.5 * h + 0.5 * see("candidate", tanh(x + matmul("candidate", h)))
    return h_new, (h_new,)
"""
OTHER = CELL.replace("0.5 * see", "0.25 * see")
COMMENTED = CELL.replace("    (h,)", "    # half of it stays\n    (h,)").replace(
    "sigmoid, see)", "sigmoid, see: object) -> tuple"
)
CONFIG = """
name: tiny
plugins: [parts.py]
data: {name: series, train: rows.csv, columns: y, window: 4, batch_size: 8}
model: {recurrent: [{units: 2}]}
training: {epochs: 1}
compare: {variants: {mine: {cell: leaky}}, seeds: 1}
executor: {name: in_process}
search: {space: {training.optimizer.learning_rate: {low: 1.0e-3, high: 0.5, log: true}}, trials: 2}
"""
LISTS = "search={space: {cell: [leaky, lstm]}, trials: 4}"
"""The first trial does not use the cell of the plug-in."""


class Own:
    """An experiment with a cell and a file of its own, whose trials and what is said are counted."""

    def __init__(self, folder: Path):
        self.folder, self.search = folder, folder / "runs" / "tiny" / tuning.FOLDER / "mine"
        self.trained: list[Any] = []
        self.said: list[str] = []

    def write(self, cell: str = CELL, last: float = 0.5, name: str = "rows.csv") -> None:
        (self.folder / "parts.py").write_text(cell)
        rows = "".join(f"{step % 7}\n" for step in range(60))
        (self.folder / name).write_text(f"y\n{rows}{last}\n")

    def load(self, *overrides: str) -> Experiment:
        return load(self.folder / "tiny.yaml", overrides)

    def searched(self, *overrides: str, replace: bool = False) -> int:
        """How many trials are trained now."""
        self.trained.clear()
        self.said.clear()
        tuning.searched(self.load(*overrides), self.folder / "runs", self.said.append, replace)
        return len(self.trained)

    def moved(self) -> list[Path]:
        return sorted((self.folder / "runs" / "tiny" / ASIDE).glob("*/_search/mine*/journal.log"))

    def planned(self, *overrides: str) -> list[str]:
        """What the plan says; it writes nothing."""
        before = self._state()
        experiment = self.load(*overrides)
        said = list(tuning.outlook(experiment, self.folder / "runs"))
        tuning.finished(experiment, self.folder / "runs")
        assert self._state() == before
        return said

    def _state(self) -> dict[Path, tuple[int, bytes]]:
        paths = (self.folder / "runs").rglob("*")
        return {path: (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"") for path in paths}


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Own:
    monkeypatch.setattr(plugins, "_LOADED", {})
    monkeypatch.chdir(tmp_path)
    one = Own(tmp_path)
    one.write()
    (tmp_path / "tiny.yaml").write_text(CONFIG)
    monkeypatch.setattr(
        trial, "monitored_value", lambda config, *_: (one.trained.append(config) or float(len(one.trained)), False)
    )
    return one


@pytest.mark.parametrize("overrides", [(), (LISTS,)], ids=["every trial", "some trials"])
def test_the_trials_of_a_cell_that_has_changed_are_moved_aside_and_made_again(own: Own, overrides: tuple[str, ...]) -> None:
    count = own.searched(*overrides)
    cells = [config.model.recurrent[0].cell for config in own.trained]
    assert cells == (["lstm", "lstm", "leaky", "lstm"] if overrides else ["leaky", "leaky"])
    own.write(COMMENTED)
    assert own.searched(*overrides) == 0
    own.write(OTHER)
    (begun, why) = own.planned(*overrides)
    assert begun.endswith("; 0 done")
    assert "the code of cell leaky: " in why
    assert why.endswith("; run moves them aside and searches anew")
    assert own.searched(*overrides) == count
    (journal,) = own.moved()
    assert own.said[0].startswith("search: mine is searched anew (the code of cell leaky: ")
    assert own.said[0].endswith(f"; its trials are moved to {journal.parent}")
    assert (journal.parents[2] / REASONS).read_text().startswith("_search/mine: the code of cell leaky: ")
    assert own.planned(*overrides)[0].endswith(f"; {count} done")
    assert own.searched(*overrides) == 0


def test_a_search_goes_by_the_bytes_of_its_data_and_not_by_their_path(own: Own) -> None:
    assert own.searched() == 2
    own.write(name="same.csv")
    for spelt in ("./rows.csv", os.path.relpath(own.folder / "rows.csv"), str(own.folder / "same.csv")):
        assert own.searched(f"data.train={spelt}") == 0
    own.write(last=6.0)
    build(own.load().config.data)  # a plan prepares none
    assert own.planned()[1].endswith("; run refuses that without --replace or another name=")
    before = own._state()
    with pytest.raises(UserError, match=r"(?s)holds 1 search of another config.*the data's bytes \(sha256\): .*--replace"):
        own.searched()
    assert own._state().keys() == before.keys()
    assert own.searched(replace=True) == 2
    assert len(own.moved()) == 1


def test_another_backend_space_or_length_is_another_config(own: Own) -> None:
    own.searched()
    other = "jax" if backend.current() != "jax" else "tensorflow"
    for override, line in {
        f"backend={other}": f"backend: {backend.current()} -> {other}",
        "training.epochs=2": "training.epochs: 1 -> 2",
        "search.seed=4": "search.seed: 0 -> 4",
        "search.space={units: [2, 3]}": "search.space.units.0: not set -> 2",
        "search.train_seed=9": "seed: 1000001 -> 9",
    }.items():
        with pytest.raises(UserError) as told:
            own.searched(override)
        assert line in str(told.value)
    assert own.searched("evaluation.metrics=[]", "training.keep=resumable", "compare.seeds=3") == 0


def test_no_trials_are_added_to_those_of_other_versions_and_ended_searches_are_kept(
    own: Own, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.searched()
    monkeypatch.setattr(makers, "_version", lambda name: "9.9")
    assert own.searched() == 0
    assert "search: mine was made by other code or versions and is kept: " in own.said[0]
    assert own.said == own.planned()[1:]
    assert own.planned("search.trials=3")[0].endswith("; 0 done")
    assert own.searched("search.trials=3") == 3
    assert "keras: " in own.said[0]
    assert len(own.moved()) == 1


@pytest.mark.parametrize("changed", [None, "cell", "version"])
def test_a_killed_trial_goes_on_only_with_the_code_that_began_it(
    own: Own, changed: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Any] = []

    def killed(config: Any, dataset: Any, seed: int, of: Any, slot: Any) -> Any:
        found.append(slot.state)
        slot.write({"epoch": 1, "batch": 0})
        raise KeyboardInterrupt

    monkeypatch.setattr(trial, "monitored_value", killed)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            own.searched()
        if changed == "cell":
            own.write(OTHER)
        if changed == "version":
            monkeypatch.setattr(makers, "_version", lambda name: "9.9")
    assert found[0] is None
    assert (found[1] is None) == bool(changed)
    assert len(own.moved()) == bool(changed)
    assert len([*own.folder.glob("runs/tiny/_replaced/*/_search/mine/trial-0/checkpoint/state")]) == bool(changed)


def test_the_runs_of_a_search_are_kept_and_follow_it_when_the_cell_changes(own: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the search finds other values then; a run of the same code with other values is refused as ever."""

    def run(*overrides: str) -> int:
        return tuning.run(own.load(*overrides), own.folder / "runs", own.said.append).made

    rates = "search.space={model.recurrent.0.recurrent_dropout.hidden: {low: 0.1, high: 0.3}}"
    given = "model.recurrent.0.recurrent_dropout={scheme: zoneout, hidden: 0.3}", rates
    assert run(*given) == 1
    assert run(*given) == 0
    values = iter([9.0, 8.0])
    monkeypatch.setattr(trial, "monitored_value", lambda *_: (next(values), False))
    own.write(OTHER)
    planned = CliRunner().invoke(main, ["plan", "tiny.yaml", *given], catch_exceptions=False).stderr
    assert "run moves them aside and makes them again" in planned
    assert "refuses" not in planned
    assert run(*given) == 1
    assert len(own.moved()) == 1
    assert len([*own.folder.glob("runs/tiny/_replaced/*/mine/seed-1/result.json")]) == 1
    assert run(*given) == 0
