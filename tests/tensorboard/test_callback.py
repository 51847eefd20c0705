"""Any `model.fit` is seen in TensorBoard: curves, weights, gates; nothing of the model moves."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tensorboards import histograms, images, read, shown
from thinning import kept

from rnnlab.inspection.gates import gates
from rnnlab.layers import LSTM
from rnnlab.tensorboard import Callback

X = np.random.default_rng(1).normal(size=(8, 5, 2)).astype("float32")
Y = X.sum(axis=(1, 2))[:, None]


def model(ours: bool = True) -> keras.Model:
    keras.utils.set_random_seed(1)
    layer = LSTM(3, name="memory", dropout=0.5, seed=1) if ours else keras.layers.GRU(3, name="memory", dropout=0.5, seed=1)
    one = keras.Sequential([keras.Input((5, 2)), layer, keras.layers.Dense(1, name="head")])
    one.compile("adam", "mse", metrics=["mae"])
    return one


def fit(one: keras.Model, *callbacks: Any, **arguments: Any) -> dict[str, list[float]]:
    arguments = {"epochs": 2, "validation_data": (X, Y), "verbose": 0, "shuffle": False, **arguments}
    return one.fit(X, Y, callbacks=list(callbacks), **arguments).history


def test_every_metric_is_there_once_and_equals_what_keras_writes(tmp_path: Path) -> None:
    from tensorboard.util.tensor_util import make_ndarray

    fit(model(), keras.callbacks.TensorBoard(tmp_path / "keras", write_graph=False), Callback(tmp_path / "ours"))
    assert [path.parent for path in (tmp_path / "ours").rglob("events*")] == [tmp_path / "ours"], "one file, one run"
    curves = shown(tmp_path / "ours")
    assert set(curves) == {"train/loss", "train/mae", "validation/loss", "validation/mae", "learning_rate"}
    for split in ("train", "validation"):
        theirs = read(tmp_path / "keras" / split)
        for name in ("loss", "mae"):
            tag = f"epoch_{name}"
            assert curves[f"{split}/{name}"] == [(e.step, make_ndarray(e.tensor_proto).item()) for e in theirs.Tensors(tag)]


@pytest.mark.parametrize("ours", kept([True, False]))
def test_metrics_weights_and_gates_are_those_of_the_model(ours: bool, tmp_path: Path) -> None:
    one, undisturbed = model(ours), model(ours)
    history = fit(one, Callback(tmp_path, inputs=X[:4]))
    assert fit(undisturbed) == history
    numbers = shown(tmp_path)
    for tag, name in {
        "train/loss": "loss",
        "validation/loss": "val_loss",
        "train/mae": "mae",
        "validation/mae": "val_mae",
    }.items():
        assert numbers[tag] == [(epoch, np.float32(value)) for epoch, value in enumerate(history[name])]
    assert [step for step, _ in numbers["learning_rate"]] == [0, 1]
    buckets = histograms(tmp_path)
    for weight in one.trainable_weights:
        last, values = buckets[f"weights/{weight.path}"][1], keras.ops.convert_to_numpy(weight)
        assert last[:, 2].sum() == values.size
        assert (last[0, 0], last[-1, 1]) == (values.min(), values.max())
    values = gates(one, X[:4])["memory"]
    assert {tag for tag in buckets if tag.startswith("gates/")} == {f"gates/memory/{name}" for name in values}
    for name, gate in values.items():
        assert buckets[f"gates/memory/{name}"][1][[0, -1], [0, 1]] == pytest.approx([gate.min(), gate.max()], rel=1e-6)
    drawn = ("input", "forget", "output") if ours else ("update", "reset")
    assert {tag: picture.shape for tag, (_, picture) in images(tmp_path).items()} == {
        f"gate_maps/memory/{name}": (240, 240, 4) for name in drawn
    }
    pixels = images(tmp_path)[f"gate_maps/memory/{drawn[0]}"][1][40::80, 24::48]
    import matplotlib

    expected = matplotlib.colormaps["viridis"](values[drawn[0]][0].T)
    assert np.abs(pixels - expected).max() < 0.02


def test_a_damaged_file_gets_its_curves_again_when_the_training_goes_on(tmp_path: Path) -> None:
    watch = Callback(tmp_path)
    fit(model(), watch, epochs=3)
    (file,) = tmp_path.iterdir()
    before, content = shown(tmp_path), bytearray(file.read_bytes())
    content[len(content) // 3] ^= 1
    file.write_bytes(content)
    watch.load_state(watch.save_state())
    assert shown(tmp_path) == before


def test_a_later_fit_goes_on_or_begins_anew(tmp_path: Path) -> None:
    one = model()
    first = fit(one, Callback(tmp_path), epochs=3)["loss"]
    second = fit(one, Callback(tmp_path), initial_epoch=2, epochs=4)["loss"]
    assert [value for _, value in shown(tmp_path)["train/loss"]] == [np.float32(loss) for loss in [*first[:2], *second]]
    third = fit(one, Callback(tmp_path, every=2), epochs=4)["loss"]
    assert [value for _, value in shown(tmp_path)["train/loss"]] == [np.float32(loss) for loss in third]
    assert all(len(steps) == 2 for steps in histograms(tmp_path).values())


def test_a_model_without_recurrent_layers_has_curves_and_weights(tmp_path: Path) -> None:
    one = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    one.compile("sgd", "mse")
    one.fit(X[:, 0], Y, verbose=0, callbacks=[Callback(tmp_path, inputs=X[:, 0])])
    assert set(shown(tmp_path)) == {"train/loss", "learning_rate"}
    assert all(tag.startswith("weights/") for tag in histograms(tmp_path))
