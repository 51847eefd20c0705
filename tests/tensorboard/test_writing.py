"""Event files are what TensorBoard itself reads back, and no TensorFlow is needed to write them."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnlab.tensorboard import append, cut, histogram, image, scalars, text
from rnnlab.tensorboard.keras_tags import append_epoch


def read(folder: Path) -> Any:
    from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator

    return EventAccumulator(str(folder)).Reload()


def shown(folder: Path) -> dict[str, list[tuple[int, float]]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder)).Reload()
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def tensor(events: Any, tag: str) -> np.ndarray:
    from tensorboard.util.tensor_util import make_ndarray

    (event,) = events.Tensors(tag)
    return make_ndarray(event.tensor_proto)


def png(pixels: np.ndarray) -> bytes:
    from matplotlib.image import imsave

    file = io.BytesIO()
    imsave(file, pixels, format="png")
    return file.getvalue()


def test_epochs_come_back_under_the_tags_of_keras(tmp_path: Path) -> None:
    append_epoch(tmp_path, 0, {"loss": 2.0, "perplexity": 8.0, "learning_rate": 0.5, "val_loss": 3.0})
    append_epoch(tmp_path, 1, {"loss": 1.0, "perplexity": 4.0, "learning_rate": 0.25, "val_loss": 3.5})
    assert shown(tmp_path / "train") == {
        "epoch_loss": [(0, 2.0), (1, 1.0)],
        "epoch_perplexity": [(0, 8.0), (1, 4.0)],
        "epoch_learning_rate": [(0, 0.5), (1, 0.25)],
    }
    assert shown(tmp_path / "validation") == {"epoch_loss": [(0, 3.0), (1, 3.5)]}


def test_the_tags_are_those_that_keras_writes(tmp_path: Path) -> None:
    import keras

    from rnnlab.runs.curves import Curves

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    x = np.ones((4, 2), "float32")
    both = [keras.callbacks.TensorBoard(tmp_path / "keras", write_graph=False), Curves(tmp_path / "ours")]
    model.fit(x, x[:, :1], validation_data=(x, x[:, :1]), epochs=2, verbose=0, callbacks=both)
    for split in ("train", "validation"):
        theirs = read(tmp_path / "keras" / split)
        keras_tags = {tag for tag in theirs.Tags()["tensors"] if tag.startswith("epoch_")}
        assert set(shown(tmp_path / "ours" / split)) == keras_tags - {"epoch_learning_rate"}
        assert [step for step, _ in shown(tmp_path / "ours" / split)["epoch_loss"]] == [
            event.step for event in theirs.Tensors("epoch_loss")
        ]


def test_figures_that_are_no_numbers_are_kept(tmp_path: Path) -> None:
    append(tmp_path, 0, scalars({"up": float("inf")}))
    assert shown(tmp_path) == {"up": [(0, float("inf"))]}


@pytest.mark.parametrize("shape", [(300,), (17, 4, 3), (1,), (0,)])
def test_histograms_count_every_finite_number_once(shape: tuple[int, ...], tmp_path: Path) -> None:
    numbers = np.random.default_rng(1).normal(3, 2, shape).astype("float32")
    with_gaps = np.append(numbers, [np.nan, np.inf])
    append(tmp_path, 0, [histogram("weights", with_gaps)])
    buckets = tensor(read(tmp_path), "weights")
    assert buckets[:, 2].sum() == numbers.size
    for left, right, count in buckets[:-1]:
        assert count == np.sum((numbers >= left) & (numbers < right))
    if numbers.size > 1:
        assert buckets[0, 0] == numbers.min()
        assert buckets[-1, 1] == numbers.max()


def test_pictures_and_texts_come_back_to_the_bit(tmp_path: Path) -> None:
    picture = png(np.random.default_rng(1).random((5, 9)))
    append(tmp_path, 3, [image("gates", picture), text("config", "# *name*: ä")])
    events = read(tmp_path)
    assert tensor(events, "gates").tolist() == [b"9", b"5", picture]
    assert tensor(events, "config").item() == "# *name*: ä".encode()
    plugins = {tag: events.SummaryMetadata(tag).plugin_data.plugin_name for tag in ("gates", "config")}
    assert plugins == {"gates": "images", "config": "text"}
    with pytest.raises(ValueError, match="contents of a PNG file"):
        image("gates", b"GIF89a")


def test_a_file_torn_at_any_byte_goes_on_behind_its_last_whole_step(tmp_path: Path) -> None:
    for step in range(3):
        append(tmp_path, step, [*scalars({"loss": step}), histogram("weights", np.arange(step + 4))])
    (file,) = tmp_path.iterdir()
    content = file.read_bytes()
    whole = [cut(tmp_path, steps) and file.stat().st_size for steps in (3, 2, 1)]
    for end in range(0, len(content), 7):
        file.write_bytes(content[:end])
        steps = sum(size <= end for size in whole)
        assert cut(tmp_path, steps)
        append(tmp_path, steps, scalars({"loss": steps}))
        assert shown(tmp_path)["loss"] == [(step, step) for step in range(steps + 1)]


def test_writing_needs_no_tensorflow(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, rnnlab.tensorboard as t;"
        "t.append(pathlib.Path(sys.argv[1]), 0, [*t.scalars({'a': 1.0}), t.histogram('b', [1, 2]), t.text('c', 'd')]);"
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras', 'matplotlib')))"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
