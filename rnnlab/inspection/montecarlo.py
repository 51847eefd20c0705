"""Monte Carlo dropout: the training noise drawn on purpose, many times, with its own seed."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import keras
import numpy as np

from rnnlab import compat
from rnnlab.inspection.compiled_call import Call, Inputs, noisy_call, quiet_call
from rnnlab.inspection.outputs import CLASSES, NUMBERS, Link, told
from rnnlab.layers import Embedding
from rnnlab.seeds import derive
from rnnlab.training.isolate_evaluation import stateful_layers

MOST = 2**24
"""The most predicted numbers held at a time, unless one pass over a batch has more."""


class Samples(NamedTuple):
    """Statistics of the samples of one batch of inputs; every field is taken over the samples."""

    mean: np.ndarray
    """The average prediction: probabilities (..., classes), or numbers (..., outputs)."""
    variance: np.ndarray
    """The variance of each predicted number, in the shape of the mean."""
    entropy: np.ndarray
    """The average of each sample's own entropy (...), in nats; zero where numbers are predicted."""


class Regression(NamedTuple):
    """Mean and variance of the samples, each in the shape of one prediction."""

    mean: np.ndarray
    variance: np.ndarray


def probabilities(model: keras.Model, x: Inputs, samples: int, seed: int, rows: int = 1024) -> np.ndarray:
    """The average of the class probabilities of `samples` passes, (examples, ..., classes).

    The model returns logits, or probabilities if its head has a softmax. `x` is an array, or several as the model takes them.

    p(y | x) = 1/S sum_s softmax(f(x; masks_s)); probabilities are averaged, not their logarithms (Gal & Ghahramani 2016).
    """
    return next(predictions(model, [x], samples, seed, CLASSES, rows)).mean


def regression(model: keras.Model, x: Inputs, samples: int, seed: int, rows: int = 1024) -> Regression:
    """Mean and variance of the predictions of `samples` passes."""
    return Regression(*next(predictions(model, [x], samples, seed, NUMBERS, rows))[:2])


def predictions(
    model: keras.Model, batches: Iterable[Inputs], samples: int, seed: int, link: Link = CLASSES, rows: int = 1024
) -> Iterator[Samples]:
    """Yield for each batch of inputs, in order, the predictions of `samples` passes, each with its own masks.

    `link` says what the model's outputs mean. No call has more than `rows` rows, copies of a batch side by side, and nothing
    but the sums over the samples of one batch is held, whatever the length of `batches`.

    Where the model carries its state, each sample carries its own, from zero on, and keeps its masks for the whole stream, as
    in Gal's evaluation; noise that is new at every step is new there too. Otherwise every batch has its own masks. Carried
    states and seed generators are restored at the end.
    """
    if samples < 1 or rows < 1:
        raise ValueError(f"samples and rows must be at least 1, got {samples} and {rows}")
    return _predictions(model, noisy_call(model), batches, samples, seed, link, rows)


def usual(model: keras.Model, batches: Iterable[Inputs], link: Link = CLASSES) -> Iterator[Samples]:
    """Yield what the model predicts with its noise off, in the form of `predictions`: one sample, without variance."""
    return _predictions(model, quiet_call(model), batches, 1, 0, link, 2**31)


def _predictions(
    model: keras.Model, call: Call, batches: Iterable[Inputs], samples: int, seed: int, link: Link, rows: int
) -> Iterator[Samples]:
    link = told(model, link)
    states = [state for layer in stateful_layers(model) for state in keras.tree.flatten(layer.states)]
    kept = _values(states)
    carried = [[np.zeros_like(value) for value in kept] for _ in range(samples)]
    together = not states and not shares_masks(model)
    width = int(np.prod([size or 1 for size in model.output_shape[1:]]))
    try:
        for place, x in enumerate(batches):
            at_once = min(samples, rows // _rows(x), MOST // (_rows(x) * width)) if together else 1
            sums = Sums(samples, link)
            for first in range(0, samples, max(1, at_once)):
                copies = min(max(1, at_once), samples - first)
                _assign(states, carried[first])
                with drawing(model, seed, first, place):
                    sums.add(_outputs(call, x, copies, rows))
                carried[first] = _values(states)
            yield sums.result()
    finally:
        _assign(states, kept)


class Sums:
    """Running sums over samples, so that no sample has to be kept."""

    def __init__(self, samples: int, link: Link):
        self.samples, self.link = samples, link
        self.mean: Any = 0.0
        self.square: Any = 0.0
        self.entropy: Any = 0.0

    def add(self, outputs: np.ndarray) -> None:
        """Add samples, (samples, rows, ...)."""
        for one in outputs:
            predicted = self.link.predict(one)
            self.mean += predicted
            self.entropy += self.link.entropy(predicted)
            if self.samples > 1:
                self.square += np.square(predicted, out=predicted)

    def result(self) -> Samples:
        """Return the averages."""
        mean = self.mean / self.samples
        variance = np.maximum(self.square / self.samples - mean**2, 0) if self.samples > 1 else np.zeros_like(mean)
        return Samples(mean, variance, self.entropy / self.samples)


def _outputs(call: Call, x: Inputs, copies: int, rows: int) -> np.ndarray:
    """The outputs (copies, examples, ...) of copies of x, `rows` rows a call."""
    tiled, total = keras.tree.map_structure(lambda part: np.concatenate([np.asarray(part)] * copies), x), copies * _rows(x)
    parts = [keras.tree.map_structure(lambda part, n=n: part[n : n + rows], tiled) for n in range(0, total, rows)]
    outputs = np.concatenate([call(part) for part in parts])
    return outputs.reshape(copies, _rows(x), *outputs.shape[1:])


def _rows(x: Inputs) -> int:
    """The number of examples of an input, or of several."""
    return len(keras.tree.flatten(x)[0])


@contextmanager
def drawing(model: keras.Model, seed: int, number: int = 0, batch: int = 0) -> Iterator[None]:
    """Let the model's noise follow from (seed, number, batch) alone; restore its seed generators afterwards.

    Where the model carries its state, masks that live longer than a step come from (seed, number) alone.
    """
    states = [variable for variable in model.variables if variable.name == "seed_generator_state"]
    kept, lasting = _values(states), _lasting(model)
    for place, state in enumerate(states):
        path = (place, number) if id(state) in lasting else (place, number, batch)
        state.assign(np.asarray([derive(seed, *path), 0], kept[place].dtype))
    try:
        yield
    finally:
        _assign(states, kept)


def _lasting(model: keras.Model) -> set[int]:
    """The seed states of the masks that last as long as a carried state: all but those of a step."""
    if not stateful_layers(model):
        return set()
    states = {id(variable) for variable in model.variables if variable.name == "seed_generator_state"}
    return states - {id(draws.state) for noise, draws in _drawn(model) if noise.lifetime == "step"}


def _drawn(model: keras.Model) -> Iterator[tuple]:
    """The noises of our layers, each with its seed stream."""
    for layer in compat.every_layer(model):
        noise = getattr(layer, "noise", None)
        if isinstance(noise, dict):
            yield from (
                (noise[site], layer.seeds[site]) for site in noise if site in layer.seeds
            )  # its layer has a cell's seeds
        elif noise is not None:
            yield noise, layer.draws


def shares_masks(model: keras.Model) -> bool:
    """Whether examples of a batch share a mask, as under weight drop: then one batch is one sample."""
    return any(noise.lifetime == "batch" for noise, _ in _drawn(model))


def noisy(model: keras.Model) -> bool:
    """Return whether training draws anything in the model: ours, or a rate of a layer of Keras."""
    return noisy_by_keras(model) or any(noise.rate > 0 for noise, _ in _drawn(model))


def noisy_by_keras(model: keras.Model) -> bool:
    """Return whether a layer of Keras draws its own masks, which ours do not share."""
    layers = [layer for layer in compat.every_layer(model) if not hasattr(layer, "noise")]
    rates = [getattr(layer, name, 0) for layer in layers for name in ("rate", "dropout", "recurrent_dropout")]
    return any(isinstance(rate, int | float) and rate > 0 for rate in rates)


@contextmanager
def words_kept(model: keras.Model, keep: bool = True) -> Iterator[None]:
    """Drop no words inside, as Gal & Ghahramani's language models do at test; the model must not have been called noisily."""
    tables = [layer for layer in compat.every_layer(model) if isinstance(layer, Embedding) and keep]
    noises = [table.noise for table in tables]
    for table in tables:
        table.noise = None
    try:
        yield
    finally:
        for table, noise in zip(tables, noises, strict=True):
            table.noise = noise


def _values(variables: list[keras.Variable]) -> list[np.ndarray]:
    return [np.array(keras.ops.convert_to_numpy(variable.value)) for variable in variables]


def _assign(variables: list[keras.Variable], values: list[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
