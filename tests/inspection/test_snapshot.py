"""Snapshots during training change no bit of it, are exact under resume, and are what one sees afterwards."""

from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest
from lasting import lasting
from training.killed_runs import NOISE, WORDS, Killed, run

from rnnlab import layers
from rnnlab.inspection.archive import read, table, write
from rnnlab.inspection.inspect_callback import Inspect
from rnnlab.inspection.snapshot import SnapshotTaker, first_batch
from rnnlab.training import program


def inspecting(folder: Path) -> list[keras.callbacks.Callback]:
    batch, tokens = first_batch(WORDS)
    return [Inspect(folder, *batch, every_epochs=2, tokens=tokens)]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.slow
def test_snapshots_change_no_bit_and_a_killed_run_leaves_the_same_ones(tmp_path, monkeypatch):
    """With steps that are a program of XLA, on TensorFlow too, as in a longer epoch."""
    monkeypatch.setattr(program, "STEPS", 1)
    train = partial(run, dataset=WORDS, layer=NOISE, kept=lasting({})())
    plain, outcome = train(tmp_path / "plain")
    seen, other = train(tmp_path / "seen", more=inspecting(tmp_path / "snapshots"))
    for a, b in zip(plain, seen, strict=True):
        np.testing.assert_array_equal(a, b)
    assert outcome.metrics["val_loss"] == other.metrics["val_loss"]
    assert list(contents(tmp_path / "snapshots")) == ["end.npz", "epoch-2.npz"]
    batches = len(WORDS.train.order(0, 0)) * 2 + len(WORDS.validation.order(0, 0)) + 1
    with pytest.raises(Killed):  # at the end of the second epoch, after the snapshot and before the state was kept
        train(tmp_path / "killed", kill_at=2 * batches, more=inspecting(tmp_path / "again"))
    before = contents(tmp_path / "again")
    (tmp_path / "again" / "epoch-2.npz").unlink()
    train(tmp_path / "killed", more=inspecting(tmp_path / "again"))
    assert list(before) == ["epoch-2.npz"]
    assert contents(tmp_path / "again") == contents(tmp_path / "snapshots")


def classifier(layer):
    model = keras.Sequential([keras.Input((5, 3)), layer, keras.layers.Dense(2)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


@pytest.mark.slow
def test_it_works_in_anybodys_fit_and_changes_no_bit(tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(12, 5, 3)).astype("float32"), rng.integers(0, 2, 12)
    trained = []
    for callbacks in ([], [Inspect(tmp_path / "snapshots", x[:4], y[:4], every_epochs=1)]):
        keras.utils.set_random_seed(1)
        model = classifier(
            keras.layers.Bidirectional(keras.layers.GRU(4, dropout=0.2, recurrent_dropout=0.2, seed=1, name="gru"))
        )
        model.fit(x, y, epochs=2, verbose=0, shuffle=False, callbacks=callbacks)
        trained.append(model.get_weights())
    for a, b in zip(*trained, strict=True):
        np.testing.assert_array_equal(a, b)
    snapshot = read(tmp_path / "snapshots" / "end.npz")
    again = SnapshotTaker(model, (x[:4], y[:4], None))()
    assert set(snapshot) == set(again)
    for name, values in snapshot.items():
        np.testing.assert_array_equal(values, again[name])
    assert snapshot["backward_gru/update/heat"].shape == (5, 4)
    assert {key.split("/")[0] for key in snapshot} == {"forward_gru", "backward_gru"}


def test_the_table_says_what_the_arrays_say():
    x = np.random.default_rng(0).normal(size=(4, 15, 3)).astype("float32")
    model = keras.Sequential([keras.Input((15, 3)), layers.LSTM(4, name="memory")])
    model.compile(loss="mse")
    snapshot = SnapshotTaker(model, (x, np.zeros((4, 4), "float32"), None))()
    rows = {row["what"]: row for row in table(snapshot)}
    forget = snapshot["memory/forget/mean"]
    assert rows["forget"]["mean"] == pytest.approx(forget.mean())
    assert rows["forget"]["time_constant"] == pytest.approx(np.median(snapshot["memory/forget/time_constant"]))
    assert rows["cell"]["memory"] == pytest.approx(snapshot["memory/cell/relative"][10])
    assert rows["cell"]["gradient"] == pytest.approx(snapshot["memory/cell/flow"][11] / snapshot["memory/cell/flow"][1])
    assert snapshot["memory/input/histogram"].sum() == 4 * 15 * 4


def test_a_damaged_file_is_told(tmp_path):
    write(tmp_path / "end.npz", {"a/b/c": np.arange(3)})
    content = bytearray((tmp_path / "end.npz").read_bytes())
    for damage in (content[:-40], b"", content[:100] + bytes([content[100] ^ 1]) + content[101:]):
        (tmp_path / "end.npz").write_bytes(damage)
        with pytest.raises(ValueError, match=r"end\.npz is damaged or not a snapshot"):
            read(tmp_path / "end.npz")


def test_every_epochs_must_be_a_number_of_epochs():
    with pytest.raises(ValueError, match="every_epochs must be at least 1, got 0"):
        Inspect("snapshots", np.zeros((2, 5, 3)), np.zeros(2), every_epochs=0)
