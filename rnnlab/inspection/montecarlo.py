"""Monte Carlo dropout: the noise of training drawn on purpose, many times, with a seed of its own."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import keras
import numpy as np

from rnnlab.inspection.compiled import noisy_call
from rnnlab.seeds import derive


class Regression(NamedTuple):
    """Mean and variance of the samples, each in the shape of one prediction."""

    mean: np.ndarray
    variance: np.ndarray


def probabilities(model: keras.Model, x: np.ndarray, samples: int, seed: int, rows: int = 1024) -> np.ndarray:
    """The average of the class probabilities of `samples` passes, (examples, ..., classes), for a model that gives logits.

    p(y | x) = 1/S sum_s softmax(f(x; masks_s)); probabilities are averaged, not their logarithms (Gal & Ghahramani 2016).
    """
    return sum(_softmax(logits).sum(axis=0) for logits in _passes(model, x, samples, seed, rows)) / np.float64(samples)


def regression(model: keras.Model, x: np.ndarray, samples: int, seed: int, rows: int = 1024) -> Regression:
    """Mean and variance over `samples` passes of what the model predicts."""
    drawn = np.concatenate(list(_passes(model, x, samples, seed, rows)))
    return Regression(drawn.mean(axis=0), drawn.var(axis=0))


def stream(model: keras.Model, windows: Iterable[tuple[np.ndarray, np.ndarray]], samples: int, seed: int) -> list[np.ndarray]:
    """The average probability of every target of a stream, a window each (rows, steps), by a stateful language model.

    A pass goes through the whole stream with one set of masks, as in Gal's evaluation: each window draws the same ones again.
    `windows` are pairs of inputs and targets in order, a sequence that can be gone through again. The masks of words are the
    model's too; build it without word dropout to leave them out, as Gal did.
    """
    totals: list[np.ndarray] = []
    call = noisy_call(model)
    for number in range(samples):
        _reset(model)
        for place, (x, targets) in enumerate(windows):
            with drawing(model, seed, number):
                chances = _softmax(call(x))
            found = np.take_along_axis(chances, np.asarray(targets)[..., None], axis=-1)[..., 0]
            if number == 0:
                totals.append(np.zeros(found.shape))
            totals[place] += found
    _reset(model)
    return [total / samples for total in totals]


@contextmanager
def drawing(model: keras.Model, seed: int, number: int = 0) -> Iterator[None]:
    """Let the model's noise come from (seed, number), the same whenever they are; then put its own draws back."""
    states = [variable for variable in model.variables if variable.name == "seed_generator_state"]
    kept = [keras.ops.convert_to_numpy(state) for state in states]
    for place, state in enumerate(states):
        state.assign(np.asarray([derive(seed, place, number), 0], kept[place].dtype))
    try:
        yield
    finally:
        for state, value in zip(states, kept, strict=True):
            state.assign(value)


def _passes(model: keras.Model, x: np.ndarray, samples: int, seed: int, rows: int) -> Iterator[np.ndarray]:
    """Predictions (passes, examples, ...): as many passes at a time, copies of x side by side, as fit into `rows` rows."""
    if samples < 1 or rows < 1:
        raise ValueError(f"samples and rows must be at least 1, got {samples} and {rows}")
    call = noisy_call(model)
    at_once = 1 if _shares_masks(model) else max(1, rows // len(x))
    for first in range(0, samples, at_once):
        copies = min(at_once, samples - first)
        tiled = np.concatenate([x] * copies)
        with drawing(model, seed, first):
            parts = [call(tiled[start : start + rows]) for start in range(0, len(tiled), rows)]
        outputs = np.concatenate(parts)
        yield outputs.reshape(copies, len(x), *outputs.shape[1:])


def _shares_masks(model: keras.Model) -> bool:
    """Whether examples of a batch share a mask, as under weight drop: then one batch is one sample."""
    noises = [getattr(layer, "noise", None) for layer in model._flatten_layers()]
    found = [noise for held in noises for noise in (held.values() if isinstance(held, dict) else [held])]
    return any(getattr(noise, "lifetime", None) == "batch" for noise in found)


def _reset(model: keras.Model) -> None:
    """Start from zero states."""
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.RNN):
            layer.reset_state()


def _softmax(logits: np.ndarray) -> np.ndarray:
    chances = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return chances / chances.sum(axis=-1, keepdims=True)
