"""The gates of recurrent layers for TensorBoard: their distributions, and their first sequence as a heat map."""

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

import keras
import numpy as np

from rnnlab.inspection.gates import over_time
from rnnlab.inspection.recorded_pass import Passes
from rnnlab.inspection.recording import recordable
from rnnlab.tensorboard.values import histogram, image

if TYPE_CHECKING:
    from tensorboard.compat.proto.summary_pb2 import Summary

GATES = ("input", "forget", "output", "update", "reset")
"""The gates drawn as heat maps; their values are in (0, 1)."""
SIZE = 240
"""The least height and width of a heat map, in pixels."""


class Gates:
    """The gates of a model's LSTM and GRU layers on a fixed batch of inputs, with noise off, at the time of each call."""

    def __init__(self, model: keras.Model, inputs: np.ndarray):
        self._inputs = inputs
        self._passes = _passes(model) if recordable(model) else None

    def values(self) -> Iterator["Summary.Value"]:
        """Return histograms of gates and states over all units and steps, and heat maps, by layer and gate."""
        for layer, passage in self._passes.passages(self._inputs).items() if self._passes else ():
            for name, values in over_time(passage, self._passes.backwards[layer]).items() if self._passes else ():
                yield histogram(f"gates/{layer}/{name}", values)
                if name in GATES:
                    yield image(f"gate_maps/{layer}/{name}", heat_map(values[0].T))


def _passes(model: keras.Model) -> Passes:
    """The passes of a model, kept with it, so that they are compiled once for all seeds that train it."""
    if not hasattr(model, "gate_passes"):
        model.gate_passes = Passes(model, fresh=True)
    kept: Passes = model.gate_passes
    return kept


def heat_map(values: np.ndarray) -> bytes:
    """Return a PNG of values in [0, 1], (units, steps): one row per unit, one column per step; dark is shut, bright open, NaN
    clear."""
    from matplotlib.image import imsave

    tall, wide = (-(-SIZE // length) for length in values.shape)
    file, large = BytesIO(), np.ma.masked_invalid(values.repeat(tall, axis=0).repeat(wide, axis=1))
    imsave(file, large, vmin=0, vmax=1, format="png", pil_kwargs={"compress_level": 1})
    return file.getvalue()
