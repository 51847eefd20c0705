"""What TensorBoard itself reads out of a folder."""

import io
from pathlib import Path
from typing import Any

import numpy as np


def read(folder: Path) -> Any:
    from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator

    return EventAccumulator(str(folder)).Reload()


def shown(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Its metrics by tag: steps and values."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder)).Reload()
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def tensors(folder: Path, plugin: str) -> dict[str, list[np.ndarray]]:
    """What it has for a tab, by tag, an array a step."""
    from tensorboard.util.tensor_util import make_ndarray

    events = read(folder)
    return {
        tag: [make_ndarray(event.tensor_proto) for event in events.Tensors(tag)]
        for tag in events.Tags()["tensors"]
        if events.SummaryMetadata(tag).plugin_data.plugin_name == plugin
    }


def histograms(folder: Path) -> dict[str, list[np.ndarray]]:
    """Its histograms: (buckets, [left, right, count]) a step."""
    return tensors(folder, "histograms")


def images(folder: Path) -> dict[str, list[np.ndarray]]:
    """Its pictures: (height, width, channels) a step, each from 0 to 1."""
    from matplotlib.image import imread

    return {tag: [imread(io.BytesIO(one[2])) for one in steps] for tag, steps in tensors(folder, "images").items()}
