"""Event files are what TensorBoard itself reads back, and no TensorFlow is needed to write them."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboards import read, shown

from rnnlab.tensorboard import append, cut, histogram, image, scalars, text


def tensor(events: Any, tag: str) -> np.ndarray:
    from tensorboard.util.tensor_util import make_ndarray

    (event,) = events.Tensors(tag)
    return make_ndarray(event.tensor_proto)


def png(pixels: np.ndarray) -> bytes:
    from matplotlib.image import imsave

    file = io.BytesIO()
    imsave(file, pixels, format="png")
    return file.getvalue()


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
    if numbers.size:
        assert buckets[0, 0] == numbers.min()
        assert buckets[-1, 1] == numbers.max()


@pytest.mark.parametrize("value", [0.0, 1.0, -1e30, 3e38])
def test_numbers_too_close_together_for_buckets_are_one(value: float, tmp_path: Path) -> None:
    append(tmp_path, 0, [histogram("weights", np.full(5, value, "float32"))])
    assert tensor(read(tmp_path), "weights").tolist() == [[np.float32(value), np.float32(value), 5]]


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
