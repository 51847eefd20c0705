"""A run that was killed anywhere and started again ends with the bits of a run that was not."""

import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from lasting import lasting
from training.killed_runs import LABELS, NOISE, NUMBERS, VARIED, WORDS, Killed, run, untimed

from rnnlab import sealed
from rnnlab.cells.builtin_cells import CELLS
from rnnlab.data.dataset import Dataset
from rnnlab.noise.scheme import SCHEMES
from rnnlab.training import array_file, loop, program
from rnnlab.training.builtin_optimizers import OPTIMIZERS
from rnnlab.training.callback_state import LowerOnPlateau, by_name
from rnnlab.training.callbacks import EventLog
from rnnlab.training.checkpoint import Slot, best_weights

PAPERS: dict[str, Any] = {
    "optimizer": {
        **{"name": "sgd", "learning_rate": 2.0, "clip_norm": 0.5, "l2": 1e-4},
        **{"weight_decay": 1e-3, "weight_decay_by": "step", "averaging": {"after": 1}},
    },
    "schedule": {"name": "decay", "constant": 1, "divisor": 2.0},
    "loss": "sum",
}
SLOW = pytest.mark.slow
AROUND = {"learning_rate": 0.01, "clip_norm": 1.0, "clip_update": 0.1, "gradient_noise": {"variance": 0.01}}
BUILTIN = {"implementation": "keras", "dropout": 0.3, "recurrent_dropout": 0.3}


class Jitter(keras.callbacks.Callback):
    """Draws from Keras's own generator, as layers without a seed do."""

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        weight = self.model.trainable_variables[0]
        weight.assign_add(keras.random.normal(weight.shape, stddev=0.01))


EVERYWHERE = (4, 7, 22, 11, 26)
"""In the middle of a batch of the first epoch, between two, in a validation, at an epoch's end, in the last epoch."""
TWICE = (7, 22)
"""Between two batches, and in a validation: enough where only what is kept differs, not when it is kept."""
ONCE = (30,)
"""In the second epoch, of which an optimizer has a state."""
PARTS = (11,)
"""In the middle of the first epoch."""
BOTH_WIDTHS = (12, 50)
"""Where batches have two widths, each of which is traced in every run: after both were seen, and in the last epoch."""


def every_part() -> list[dict[str, Any]]:
    """A layer for every scheme of the registry, with its example, and one for every cell."""
    layers: list[dict[str, Any]] = [{"cell": name} for name in CELLS]
    for name, scheme in SCHEMES.items():
        given = {argument: {"scheme": name, **scheme.example} for argument in scheme.arguments if argument != "embedding"}
        layers += [given] if given else []
    return layers


@pytest.mark.parametrize(
    ("dataset", "layer", "settings", "kills"),
    [
        (WORDS, NOISE, {}, TWICE),
        pytest.param(WORDS, NOISE, {}, EVERYWHERE, marks=SLOW),
        pytest.param(WORDS, BUILTIN, {}, TWICE, marks=SLOW),
        pytest.param(NUMBERS, NOISE, {}, TWICE, marks=SLOW),
        pytest.param(LABELS, NOISE, {}, BOTH_WIDTHS, marks=SLOW),
        pytest.param(VARIED, NOISE, PAPERS, EVERYWHERE, marks=SLOW),
        pytest.param(WORDS, NOISE, {"consistency": {"name": "rdrop", "weight": 1.0}}, TWICE, marks=SLOW, id="rdrop"),
        *(
            pytest.param(NUMBERS, {}, {"optimizer": {"name": name, **AROUND}, "epochs": 2}, ONCE, marks=SLOW, id=name)
            for name in OPTIMIZERS
        ),
        *(
            pytest.param(WORDS, every_part()[part::4], {"epochs": 2}, PARTS, marks=SLOW, id=f"parts {part + 1}")
            for part in range(4)
        ),
    ],
)
def test_a_killed_run_goes_on_to_the_same_bits(
    dataset: Dataset, layer: Any, settings: dict[str, Any], kills: tuple[int, ...], tmp_path: Path
) -> None:
    """Those whose kills are few share a compiled model, all of whose variables each run sets anew, to save time."""
    kept = lasting({})() if kills in (ONCE, TWICE, PARTS) else None
    weights, outcome = run(tmp_path / "whole", dataset, layer, kept=kept, **settings)
    killed = 0
    for at in kills:
        try:
            run(tmp_path / "killed", dataset, layer, kill_at=at, kept=kept, **settings)
        except Killed:
            killed += 1
    assert killed >= min(4, len(kills))
    again, resumed = run(tmp_path / "killed", dataset, layer, kept=kept, **settings)
    for mine, theirs in zip(again, weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert untimed(vars(resumed)) == untimed(vars(outcome))
    logs = [untimed(sealed.read(tmp_path / folder / "events.jsonl")) for folder in ("killed", "whole")]
    assert logs[0] == logs[1]
    assert [line["epoch"] for line in logs[0]] == [*range(1, settings.get("epochs", 3) + 1)]


@pytest.mark.slow
def test_a_run_that_is_killed_between_calls_of_several_steps_goes_on_to_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The calls of the first epoch run 1, 3, 3 and 3 steps, those of its rest 1, 3 and 2; the kills hit the third of each."""
    monkeypatch.setattr(program, "MOST", 3)
    monkeypatch.setattr(loop, "SECONDS", 1000)
    settings: dict[str, Any] = {"checkpoint": {"every_minutes": 1e-9}, "several": True}
    weights, outcome = run(tmp_path / "whole", NUMBERS, NOISE, **settings)
    for batch in (4, 8):
        with pytest.raises(Killed):
            run(tmp_path / "killed", NUMBERS, NOISE, kill_at=5, **settings)
        assert Slot(tmp_path / "killed" / "checkpoint" / "state", "me").position == (0, batch)
    again, resumed = run(tmp_path / "killed", NUMBERS, NOISE, **settings)
    assert untimed(vars(resumed)) == untimed(vars(outcome))
    for mine, theirs in zip(again, weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.slow
def test_plateaus_and_draws_without_a_seed_go_on_too(tmp_path: Path) -> None:
    def ended(name: str, kill_at: int = -1) -> tuple[list[Any], list[Any]]:
        plateau = LowerOnPlateau("val_loss", factor=0.5, patience=2, min_delta=10.0)
        weights, _ = run(tmp_path / name, NUMBERS, NOISE, kill_at, [plateau, Jitter()], epochs=6, early_stopping=None)
        return weights, [event["learning_rate"] for event in sealed.read(tmp_path / name / "events.jsonl")]

    weights, rates = ended("whole")
    assert len(set(rates)) >= 3
    for at in (5, 30, 33, 28):
        with pytest.raises(Killed):
            ended("killed", at)
    again, resumed = ended("killed")
    assert resumed == rates
    for mine, theirs in zip(again, weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_inside_an_epoch_the_state_is_kept_every_so_many_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rnnlab.training import checkpoint

    clock = iter(range(0, 10**6, 20))  # every look at the clock is 20 seconds after the last one
    monkeypatch.setattr(checkpoint, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    written: list[tuple[int, int]] = []
    monkeypatch.setattr(Slot, "write", lambda self, state: written.append((state["epoch"], state["batch"])))
    run(tmp_path, NUMBERS, {}, epochs=2, early_stopping=None, checkpoint={"every_minutes": 1.0})
    assert len(NUMBERS.train.order(0, 0)) == 10
    assert written == [(0, 3), (0, 6), (0, 9), (1, 0), (1, 3), (1, 6), (1, 9), (2, 0)]


@pytest.mark.parametrize(("stopping", "ends"), [(None, [3, 6, 8]), ({"patience": 3, "min_delta": 1e9}, [3, 4])])
def test_short_epochs_share_a_checkpoint_and_the_last_has_its_own(
    stopping: Any, ends: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rnnlab.training import checkpoint

    clock = (0.07 * look for look in itertools.count())  # of which an epoch has eleven
    monkeypatch.setattr(checkpoint, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    written: list[tuple[int, int]] = []
    monkeypatch.setattr(Slot, "write", lambda self, state: written.append((state["epoch"], state["batch"])))
    run(tmp_path, NUMBERS, {}, epochs=8, early_stopping=stopping, checkpoint={"every_minutes": 10.0})
    assert written == [(epoch, 0) for epoch in ends]


def test_a_run_that_had_ended_only_tells_its_result_again(tmp_path: Path) -> None:
    weights, outcome = run(tmp_path, NUMBERS, NOISE)
    (tmp_path / "events.jsonl").write_text("nonsense")
    again, told = run(tmp_path, NUMBERS, NOISE, kill_at=1)
    assert untimed(vars(told)) == untimed(vars(outcome))
    assert len(sealed.read(tmp_path / "events.jsonl")) == 3
    kept = best_weights(Slot(tmp_path / "checkpoint" / "state", "me").state or {})
    for one, two, three in zip(weights, again, kept, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)


@pytest.mark.slow
def test_a_run_that_stopped_early_or_diverged_stays_so(tmp_path: Path) -> None:
    cases = {
        "done": {"epochs": 30, "optimizer": {"learning_rate": 0.5}},
        "diverged": {"optimizer": {"name": "sgd", "learning_rate": 1e30}},
    }
    for status, settings in cases.items():
        first, again = (run(tmp_path / status, NUMBERS, {}, **settings)[1] for _ in range(2))
        assert first.status == status
        assert first.epochs < 30
        assert untimed(vars(first)) == untimed(vars(again))


@pytest.mark.slow
def test_a_damaged_state_gives_way_to_the_one_before(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole", NUMBERS, NOISE)[1]
    with pytest.raises(Killed):
        run(tmp_path / "hurt", NUMBERS, NOISE, kill_at=30)
    path = tmp_path / "hurt" / "checkpoint" / "state"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    slot = Slot(path, "me")
    assert slot.damaged == [path]
    before = array_file.read(slot.previous)
    assert slot.position == (before["epoch"], before["batch"]) != (0, 0)
    assert untimed(vars(run(tmp_path / "hurt", NUMBERS, NOISE)[1])) == untimed(vars(whole))


def test_a_state_of_another_run_is_not_used(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        run(tmp_path, NUMBERS, NOISE, kill_at=30)
    assert Slot(tmp_path / "checkpoint" / "state", "me").state is not None
    assert Slot(tmp_path / "checkpoint" / "state", "you").state is None


@pytest.mark.slow
def test_a_state_is_kept_by_name_and_not_by_place(tmp_path: Path) -> None:
    """More callbacks without a state, and another order, change nothing: a run with snapshots goes on without them."""
    whole, _ = run(tmp_path / "whole", NUMBERS, NOISE, more=[LowerOnPlateau("val_loss", patience=1)])
    plain = keras.callbacks.Callback()
    with pytest.raises(Killed):
        run(tmp_path / "killed", NUMBERS, NOISE, 30, [plain, LowerOnPlateau("val_loss", patience=1), plain])
    state = array_file.read(tmp_path / "killed" / "checkpoint" / "state")["callbacks"]
    assert set(state) == {"history", "divergence", "best_epoch", "events", "plateau", "noise_rates"}
    again, _ = run(tmp_path / "killed", NUMBERS, NOISE, more=[LowerOnPlateau("val_loss", patience=1)])
    for mine, theirs in zip(again, whole, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_two_states_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs a state_name of its own, got events, events"):
        by_name([EventLog(tmp_path / "one"), EventLog(tmp_path / "two")])
