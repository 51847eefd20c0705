"""Event files are what TensorBoard itself reads back, and no TensorFlow is needed to write them."""

import io
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboards import read, shown

from rnnlab.tensorboard import (
    append,
    cut,
    event_files,
    histogram,
    image,
    readable_names,
    scalars,
    session_end,
    session_start,
    text,
)
from rnnlab.tensorboard.hparams_columns import columns
from rnnlab.tensorboard.readable_names import link


def tensor(events: Any, tag: str) -> np.ndarray:
    from tensorboard.util.tensor_util import make_ndarray

    (event,) = events.Tensors(tag)
    return make_ndarray(event.tensor_proto)


def png(pixels: np.ndarray) -> bytes:
    from matplotlib.image import imsave

    file = io.BytesIO()
    imsave(file, pixels, format="png")
    return file.getvalue()


def test_metrics_that_are_no_numbers_are_kept(tmp_path: Path) -> None:
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


def test_a_file_torn_at_any_byte_keeps_how_it_began_and_knows_whether_it_does(tmp_path: Path) -> None:
    append(tmp_path, 0, [session_start("group", {"rate": 0.5}), text("config", "a: 1")])
    (file,) = tmp_path.iterdir()
    beginning = file.stat().st_size
    for step in range(2):
        append(tmp_path, step, scalars({"loss": step}))
    append(tmp_path, 2, [*scalars({"result": 1.0}), session_end(True)])
    content = file.read_bytes()
    assert cut(tmp_path, 2)
    assert set(shown(tmp_path)) == {"loss"}
    for end in range(0, len(content), 5):
        file.write_bytes(content[:end])
        assert event_files.begun(tmp_path) == (end >= beginning)
        assert cut(tmp_path, 0) == event_files.begun(tmp_path) or end < beginning
        assert file.stat().st_size <= beginning
    file.write_bytes(content)
    event_files.forget(tmp_path)
    assert not event_files.begun(tmp_path)
    assert shown(tmp_path)["loss"] == [(0, 0), (1, 1)]
    assert cut(tmp_path, 2)


def test_columns_are_first_what_varies_then_what_is_compared() -> None:
    from tensorboard.plugins.hparams.metadata import parse_experiment_plugin_data

    same = {"cell": "lstm", "dropout.rate": 0.5, "recurrent_dropout.scheme": "none"}
    other = {**same, "units": 64, "recurrent_dropout.scheme": "zoneout", "seed": 2, "variant": "b"}
    same["recurrent_dropout.site"], other["recurrent_dropout.site"] = "none", "hold_cell"
    value = columns([{**same, "units": 32, "seed": 1, "variant": "a"}, other], ["test_loss", "val_loss"])
    experiment = parse_experiment_plugin_data(value.metadata.plugin_data.content)
    infos = {one.name: (list(one.domain_discrete), one.differs) for one in experiment.hparam_infos}
    assert infos == {
        **{"recurrent_dropout.scheme": (["none", "zoneout"], True), "recurrent_dropout.site": (["none", "hold_cell"], False)},
        **{"units": ([32, 64], True), "variant": (["a", "b"], False)},
    }
    assert [one.name.tag for one in experiment.metric_infos] == ["result/test_loss", "result/val_loss"]


def test_runs_have_readable_names_also_those_that_come_later(tmp_path: Path) -> None:
    folder, view = tmp_path / "runs", tmp_path / "view"
    for place in ("none/seed-1/tensorboard", "none/mean", "tensorboard", "mine"):
        append(folder / place, 0, scalars({"loss": 1.0}))
    link(folder, view)
    append(folder / "none/seed-2/tensorboard", 0, scalars({"loss": 2.0}))
    link(folder, view)
    names = {str(path.relative_to(view)) for path in view.rglob("*") if path.is_symlink()}
    assert names == {"none/seed 1", "none/seed 2", "(mean) none", "(answer)", "mine"}
    assert shown(view / "none" / "seed 2")["loss"] == [(0, 2.0)]
    shutil.rmtree(folder / "none" / "seed-1")
    link(folder, view)
    assert not (view / "none" / "seed 1").is_symlink()


def test_an_error_in_the_search_for_new_runs_is_said_once_and_does_not_end_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    searches = iter([None, *[OSError("Stale file handle")] * 3])

    def link_or_fail(folder: Path, view: Path) -> None:
        if error := next(searches, None):
            raise error
        link(folder, view)

    monkeypatch.setattr(readable_names, "link", link_or_fail)
    readable_names.follow(tmp_path / "runs", tmp_path / "view", every=0.01)
    append(tmp_path / "runs" / "later", 0, scalars({"loss": 1.0}))
    end = time.monotonic() + 20
    while not (tmp_path / "view" / "later").exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert (tmp_path / "view" / "later").is_symlink()
    told = f"new runs may be missing in TensorBoard, {tmp_path}/runs is searched again: OSError: Stale file handle\n"
    assert capfd.readouterr().err == told


def test_writing_needs_no_tensorflow(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, rnnlab.tensorboard as t;"
        "t.append(pathlib.Path(sys.argv[1]), 0, [*t.scalars({'a': 1.0}), t.histogram('b', [1, 2]), t.text('c', 'd')]);"
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras', 'matplotlib')))"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
