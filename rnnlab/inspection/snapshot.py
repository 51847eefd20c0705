"""A snapshot of a model on one batch, as flat arrays; see rnnlab.inspection.archive."""

from collections.abc import Iterator, Mapping

import keras
import numpy as np

from rnnlab.data.dataset import PADDING, Batch, Dataset
from rnnlab.inspection.archive import Snapshot
from rnnlab.inspection.flow import PositionLoss, flow_of, position_loss
from rnnlab.inspection.gates import MEMORY, over_time, saturation, states, time_constant
from rnnlab.inspection.memory import padding, perturbation_of, sizes
from rnnlab.inspection.recorded_pass import Passes

BINS = 40
RANGES = {"candidate": (-1.0, 1.0)}
"""The bounds of a histogram's bins; (0, 1) for all others."""


class SnapshotTaker:
    """Takes snapshots of a model on one batch, always the same.

    The state begins at zero and noise is off; with a `seed` it is that of training. The model is unchanged.
    """

    def __init__(self, model: keras.Model, batch: Batch, tokens: np.ndarray | None = None, seed: int | None = None):
        self._batch, self._tokens, self._row = batch, tokens, telling(batch[0])
        self._loss: PositionLoss = position_loss(model)
        self._passes = Passes(model, seed, fresh=True)

    def __call__(self) -> Snapshot:
        """Take a snapshot."""
        passes, (x, y, weight) = self._passes, self._batch
        layers = {name: over_time(passage, passes.backwards[name]) for name, passage in passes.passages(x).items()}
        seen = perturbation_of(passes, x)
        lagged = {"flow": flow_of(passes, x, y, weight, self._loss), **seen._asdict(), "size": sizes(layers)}
        arrays = {
            f"{layer}/{name}/{what}": array for layer, of in layers.items() for name, what, array in _of_layer(of, self._row)
        }
        for what, by_layer in lagged.items():
            arrays |= {f"{layer}/{state}/{what}": array for layer, of in by_layer.items() for state, array in of.items()}
        return arrays if self._tokens is None else {**arrays, "tokens": self._tokens}


def telling(x: np.ndarray) -> int:
    """Return the row of a batch with the most different steps, whose heat maps show the most."""
    steps = x.reshape(*x.shape[:2], -1)
    return int(np.argmax([len(np.unique(row[~padding(row)], axis=0)) for row in steps]))


def _of_layer(values: Mapping[str, np.ndarray], row: int) -> Iterator[tuple[str, str, np.ndarray]]:
    for name, value in values.items():
        yield name, "heat", value[row]
        if states([name]):
            continue
        yield name, "histogram", np.histogram(value[np.isfinite(value)], BINS, RANGES.get(name, (0.0, 1.0)))[0]
        yield name, "mean", np.nanmean(value, axis=(0, 1))
        if name != "candidate":
            yield from ((name, what, part) for what, part in saturation(value)._asdict().items())
        if name in MEMORY:
            yield name, "time_constant", time_constant(value)


def first_batch(dataset: Dataset) -> tuple[Batch, np.ndarray | None]:
    """Return the first batch of the validation split, and the tokens of its most varied row as texts; padding is empty."""
    split = dataset.validation
    batch = split.batch(split.order(0, 0)[0])
    x = np.nan_to_num(batch.x[..., 0], nan=PADDING).astype(np.int32) if dataset.task.beside else batch.x
    if not dataset.vocabulary or x.ndim != 2:
        return batch, None
    known = dataset.vocabulary.tokens
    return batch, np.array(["" if number == PADDING else known[number] for number in x[telling(batch.x)]])
