"""Predictions for many inputs of any length: batched, compiled once for each shape, in order, and independent of the batch."""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from functools import cached_property
from itertools import islice

import keras
import numpy as np

from rnnlab.data.dataset import PADDING
from rnnlab.inspection.compiled_call import Call, noisy_call, quiet_call
from rnnlab.inspection.montecarlo import MOST, Samples, Sums, drawing, noisy, noisy_by_keras, shares_masks
from rnnlab.inspection.outputs import Link
from rnnlab.noise.sampling import shared_masks

ROWS = 1024
"""Most rows of a call, copies for the samples included."""
FIRST, CHUNK = 64, 4096
"""Inputs that are read before the first prediction, and most inputs that are held at a time."""


def width(steps: int) -> int:
    """Return the number of steps to which an input is padded: 8, 12, 16, 24, 32 and so on, whatever else is in its batch.

    >>> [width(steps) for steps in (1, 8, 9, 13, 40)]
    [8, 8, 12, 16, 48]
    """
    power = 1 << (max(8, steps) - 1).bit_length()
    return 3 * power // 4 if steps <= 3 * power // 4 and power > 8 else power


class Batched:
    """Predictions for inputs [steps] of token numbers or [steps, features], by a model that masks padding and carries no state.

    0 `samples` are the usual prediction, the noise off; else the mean over that many passes. Sample s has the same masks for
    every input: a prediction depends on its input, `samples` and `seed`, not on the batch. Layers of Keras draw masks row by
    row, so with noise of theirs a batch is one input.
    """

    def __init__(self, model: keras.Model, link: Link, per_step: bool, samples: int, seed: int):
        self.model, self.link, self.per_step, self.seed = model, link, per_step, seed
        self.samples = samples if noisy(model) else 0
        self._one_sample = shares_masks(model)
        self._one_input = bool(self.samples) and noisy_by_keras(model)
        self._noisy: dict[int, Call] = {}

    def __call__(self, inputs: Iterable[np.ndarray]) -> Iterator[Samples]:
        """Yield the prediction for each input, in order; for every real step where every step has one."""
        inputs, size = iter(inputs), FIRST
        while chunk := list(islice(inputs, size)):
            yield from self._chunk(chunk)
            size = min(2 * size, CHUNK)

    def _chunk(self, chunk: list[np.ndarray]) -> list[Samples]:
        widths = np.array([width(len(x)) for x in chunk])
        answers: dict[int, Samples] = {}
        for steps in np.unique(widths):
            places = np.flatnonzero(widths == steps)
            copies, most = self._sizes(int(steps))
            for first in range(0, len(places), most):
                some = places[first : first + most]
                rows = min(most, 1 << (len(some) - 1).bit_length())
                batch = _padded([chunk[place] for place in some], rows, int(steps))
                answers |= dict(zip(some.tolist(), self._rows(batch, copies, [len(chunk[p]) for p in some]), strict=True))
        return [answers[place] for place in range(len(chunk))]

    def _sizes(self, steps: int) -> tuple[int, int]:
        """The samples of a call, which depend on the width alone, and its most inputs."""
        numbers = int(np.prod([size or 1 for size in self.model.output_shape[1:]])) * (steps if self.per_step else 1)
        room = max(1, min(ROWS, MOST // numbers))
        copies = 1 if self._one_sample or not self.samples else min(self.samples, room)
        return copies, 1 if self._one_input else max(1, room // copies)

    def _rows(self, batch: np.ndarray, copies: int, lengths: list[int]) -> Iterator[Samples]:
        """The predictions for the rows of a batch that do not fill it up."""
        sums = Sums(max(1, self.samples), self.link)
        for first in range(0, max(1, self.samples), copies):
            with drawing(self.model, self.seed, first):
                outputs = self._outputs(np.concatenate([batch] * copies), copies)
            outputs = outputs.reshape(copies, len(batch), *outputs.shape[1:])
            sums.add(outputs[: max(1, self.samples) - first])
        samples = sums.result()
        for row, length in enumerate(lengths):
            yield Samples(*(field[row][:length] if self.per_step else field[row] for field in samples))

    def _outputs(self, x: np.ndarray, copies: int) -> np.ndarray:
        if not self.samples:
            return self._quiet(x)
        if copies not in self._noisy:
            self._noisy[copies] = noisy_call(self.model)
        with nullcontext() if self._one_input else shared_masks(copies):
            return self._noisy[copies](x)

    @cached_property
    def _quiet(self) -> Call:
        return quiet_call(self.model)


def _padded(inputs: list[np.ndarray], rows: int, steps: int) -> np.ndarray:
    """The inputs as a batch; spare rows repeat the first one."""
    padding = PADDING if inputs[0].dtype.kind in "iu" else np.nan
    batch = np.full((rows, steps, *inputs[0].shape[1:]), padding, inputs[0].dtype)
    for row, x in enumerate(inputs):
        batch[row, : len(x)] = x
    batch[len(inputs) :] = batch[0]
    return batch
