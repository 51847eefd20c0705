"""Event files are what TensorBoard itself reads back, and no TensorFlow is needed to write them."""

import subprocess
import sys
from pathlib import Path

from rnnlab.tensorboard import append_epoch, append_scalars


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder))
    events.Reload()
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def test_epochs_come_back_under_the_tags_of_keras(tmp_path: Path) -> None:
    append_epoch(tmp_path, 0, {"loss": 2.0, "perplexity": 8.0, "learning_rate": 0.5, "val_loss": 3.0})
    append_epoch(tmp_path, 1, {"loss": 1.0, "perplexity": 4.0, "learning_rate": 0.25, "val_loss": 3.5})
    assert scalars(tmp_path / "train") == {
        "epoch_loss": [(0, 2.0), (1, 1.0)],
        "epoch_perplexity": [(0, 8.0), (1, 4.0)],
        "epoch_learning_rate": [(0, 0.5), (1, 0.25)],
    }
    assert scalars(tmp_path / "validation") == {"epoch_loss": [(0, 3.0), (1, 3.5)]}


def test_the_tags_are_those_that_keras_writes(tmp_path: Path) -> None:
    import keras
    import numpy as np
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from rnnlab.runs.curves import Curves

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    x = np.ones((4, 2), "float32")
    both = [keras.callbacks.TensorBoard(tmp_path / "keras", write_graph=False), Curves(tmp_path / "ours")]
    model.fit(x, x[:, :1], validation_data=(x, x[:, :1]), epochs=2, verbose=0, callbacks=both)
    for split in ("train", "validation"):
        theirs = EventAccumulator(str(tmp_path / "keras" / split)).Reload()
        keras_tags = {tag for tag in theirs.Tags()["tensors"] if tag.startswith("epoch_")}
        assert set(scalars(tmp_path / "ours" / split)) == keras_tags - {"epoch_learning_rate"}
        assert [step for step, _ in scalars(tmp_path / "ours" / split)["epoch_loss"]] == [
            event.step for event in theirs.Tensors("epoch_loss")
        ]


def test_figures_that_are_no_numbers_are_kept(tmp_path: Path) -> None:
    append_scalars(tmp_path, 0, {"up": float("inf")})
    assert scalars(tmp_path) == {"up": [(0, float("inf"))]}


def test_writing_needs_no_tensorflow(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, rnnlab.tensorboard as t;"
        "t.append_epoch(pathlib.Path(sys.argv[1]), 0, {'loss': 1.0});"
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
