"""Gradient flow: the norm of the gradient of a loss with respect to earlier states."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np

from rnnlab.inspection.recorded_pass import Passes
from rnnlab.recurrence.recorder import Passage
from rnnlab.tensors import Tensor

PositionLoss = Callable[[np.ndarray, Tensor], Tensor]
"""(y, predictions) -> the loss of every position, [rows] or [rows, steps]."""
Lagged = dict[str, dict[str, np.ndarray]]
"""By layer and state a value for every lag, (lags,): NaN where no two unpadded steps are that far apart."""


def gradient_flow(
    model: keras.Model,
    x: np.ndarray,
    y: np.ndarray,
    sample_weight: np.ndarray | None = None,
    loss: PositionLoss | None = None,
    seed: int | None = None,
    fresh: bool = False,
    most: int = 8,
) -> Lagged:
    """Return the norm of d loss_t / d h_{t-k} (and d c_{t-k}) against the lag k, (lags,) by layer and by `hidden` and `cell`.

    The norm is taken over the units of one example, then averaged over the examples of the batch and over t: at most `most`
    steps, evenly spread over the second half, so that all lags up to the half are averaged over the same t. h and c are two
    independent states that a step passes on; the layer above receives h only, so the gradient with respect to c is 0 at
    lag 0. Lags of a loss of the whole sequence count from the last real step; those of a layer that reads backwards, in its
    own direction.
    Padding and positions of weight zero do not count.

    `loss(y, predictions)` gives the loss of every position, [rows] or [rows, steps]; by default that of the compiled model.
    `seed` and `fresh` are as for `rnnlab.inspection.gates`. Raises ValueError where the model has no loss, and where a layer
    and the loss differ in their steps.

    >>> from rnnlab.layers import LSTM
    >>> model = keras.Sequential([keras.Input((5, 3)), LSTM(8, name="memory")])
    >>> model.compile(loss="mse")
    >>> gradient_flow(model, np.ones((2, 5, 3), "float32"), np.ones((2, 8), "float32"))["memory"]["hidden"].shape
    (5,)
    """
    return flow_of(Passes(model, seed, fresh), x, y, sample_weight, loss or position_loss(model), most)


def flow_of(
    passes: Passes, x: np.ndarray, y: np.ndarray, weight: np.ndarray | None, loss: PositionLoss, most: int = 8
) -> Lagged:
    """Return the result of `gradient_flow` from existing passes."""
    passages = passes.passages(x)
    real = {name: _real(passage) for name, passage in passages.items()}
    nudges = {name: tuple(map(np.zeros_like, passage.states)) for name, passage in passages.items()}
    with keras.StatelessScope():  # a built-in layer draws masks even here
        positions = np.shape(loss(y, passes.model(x, training=False)) if weight is None else weight)
    counted = np.ones(positions, bool) if weight is None else np.asarray(weight) > 0
    probed = {backwards: _spread(counted, most, backwards) for backwards in passes.backwards.values()}
    chosen = list(dict.fromkeys(t for steps in probed.values() for t in steps))
    cotangents = np.stack([_one(counted, t) for t in chosen])
    norms = passes.gradients(x, lambda predictions: loss(y, predictions), cotangents, nudges)
    by_layer: Lagged = {}
    for name, of in norms.items():
        own = probed[passes.backwards[name]]
        at = _places(real[name], counted, own, passes.backwards[name])
        rows = [chosen.index(t) for t in own]
        named = zip(passages[name].names, of, strict=True)
        by_layer[name] = {state: _by_lag(values[rows], at, real[name]) for state, values in named}
    return by_layer


def position_loss(model: keras.Model) -> PositionLoss:
    """Return the loss of every position that a compiled model minimises; raise ValueError where it has none."""
    loss = getattr(model, "loss", None)
    if loss is None:
        raise ValueError(f"the model {model.name!r} has no loss: compile it, or name one by loss=")
    loss = keras.losses.get(loss)
    return loss.call if isinstance(loss, keras.losses.Loss) else loss


def _real(passage: Passage) -> np.ndarray:
    """Where steps are not padding, (steps, batch)."""
    return np.ones(passage.states[0].shape[:2], bool) if passage.real is None else np.asarray(passage.real)


def _spread(counted: np.ndarray, most: int, backwards: bool) -> list[int | None]:
    """The steps whose losses are differentiated, the later half as a layer reads; None is the loss of the whole sequence."""
    if counted.ndim == 1:
        return [None]
    steps = np.flatnonzero(counted.any(axis=0))[:: -1 if backwards else 1]
    if not len(steps):
        raise ValueError("no position of the batch has a weight: there is no loss")
    return [int(steps[n]) for n in np.unique(np.linspace(len(steps) // 2, len(steps) - 1, most).round().astype(int))]


def _one(counted: np.ndarray, t: int | None) -> np.ndarray:
    """The mask of the positions whose losses belong to a step."""
    return (counted * (np.arange(counted.shape[1]) == t if t is not None else True)).astype(np.float32)


class _Places(NamedTuple):
    """The steps of the losses in a layer's own direction, and which of them count; (losses, batch) each."""

    step: np.ndarray
    counts: np.ndarray


def _places(real: np.ndarray, counted: np.ndarray, chosen: list[int | None], backwards: bool) -> _Places:
    steps = len(real)
    if counted.ndim == 1:
        last = steps - 1 - np.argmax(real[::-1], axis=0)
        return _Places(last[None], counted[None])
    if counted.shape[1] != steps:
        raise ValueError(f"the loss has {counted.shape[1]} steps and a layer {steps}: there are no lags between them")
    order = np.array(chosen)
    at = np.broadcast_to((steps - 1 - order if backwards else order)[:, None], (len(order), real.shape[1]))
    return _Places(at, counted[:, order].T)


def _by_lag(norms: np.ndarray, at: _Places, real: np.ndarray) -> np.ndarray:
    """The mean of norms (losses, steps, batch) by how many steps the state lies before the loss."""
    lag = at.step[:, None] - np.arange(norms.shape[1])[:, None]
    counts = (lag >= 0) & at.counts[:, None] & real
    total, number = (np.bincount(lag[counts], weight, norms.shape[1]) for weight in (norms[counts], None))
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)
