"""Drawing masks. Nothing else in the project draws random numbers for noise."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from keras import backend, ops, random

from rnnlab.graphs import on_processors
from rnnlab.noise.sites import Noise
from rnnlab.replicas import replicas

Tensor = Any

MANY = 1 << 18
"""How many numbers of one shape, known while a function is traced, are worth a program of their own on TensorFlow."""


_DRAWN_ROWS: ContextVar[int | None] = ContextVar("drawn rows", default=None)


@contextmanager
def shared_masks(rows: int) -> Iterator[None]:
    """Draw inside only so many rows of every mask, each for as many rows of the batch that lie side by side.

    So a prediction does not depend on what else is in its batch. The rows of a batch have to be a multiple of `rows`; a
    function that is compiled inside keeps the number.
    """
    token = _DRAWN_ROWS.set(rows)
    try:
        yield
    finally:
        _DRAWN_ROWS.reset(token)


def sample(noise: Noise, shape: tuple[Any, ...], seed: random.SeedGenerator, dtype: str) -> Tensor:
    """Draw one mask of `shape`: 0 or 1 with P(0) = rate (P(1) = rate at the hold sites), divided by 1 - rate if scaled.

    The draw depends on the state of `seed` alone: (seed, draw number). The last axis but one is the batch, unless the mask
    lives a batch; a replica that has a part of its rows gets the rows' own masks.
    """
    kept = ops.cast(_kept(noise, shape, seed), dtype)
    if noise.site.startswith("hold"):
        return 1 - kept
    return kept / noise.keep if noise.scale == "train" else kept


def _kept(noise: Noise, shape: tuple[Any, ...], seed: random.SeedGenerator) -> Tensor:
    """Draw for the whole batch whether a uniform number is at least the rate, and return the rows of this replica."""
    number, mine = replicas()
    drawn = _DRAWN_ROWS.get()
    if noise.lifetime == "batch" or (number == 1 and drawn is None):
        return _at_least(noise.rate, shape, seed)
    *before, rows, width = shape
    if drawn is not None:
        return ops.repeat(_at_least(noise.rate, (*before, drawn, width), seed), rows // drawn, axis=-2)
    return _at_least(noise.rate, (*before, number * rows, width), seed)[..., mine * rows : (mine + 1) * rows, :]


def _at_least(rate: float, shape: tuple[Any, ...], seed: random.SeedGenerator) -> Tensor:
    many = all(isinstance(size, int) for size in shape) and math.prod(shape) >= MANY
    if many and backend.backend() == "tensorflow" and on_processors():
        from rnnlab.noise import philox

        return philox.at_least(rate, shape, seed.next())
    return random.uniform(shape, seed=seed, dtype="float32") >= rate


def mean(noise: Noise) -> float:
    """The mask's expectation, which takes its place in evaluation: 1 if scaled in training, else its probability of 1."""
    if noise.site.startswith("hold"):
        return noise.rate
    return 1.0 if noise.scale == "train" else noise.keep


def means(noise: Mapping[str, Noise], dtype: str) -> dict[str, Tensor]:
    """The expectation of every mask by site, left out where it is 1."""
    values = {site: mean(one) for site, one in noise.items()}
    return {site: ops.convert_to_tensor(value, dtype) for site, value in values.items() if value != 1}


def shape(noise: Noise, steps: Any, batch: Any, width: Any, gates: int) -> tuple[Any, ...]:
    """The shape of a mask for `width` units: (batch, width), after a time axis if it lives a step, after a gate axis if untied.

    A mask that lives a batch has the shape of what it multiplies, which is then the width.
    """
    if noise.lifetime == "batch":
        return tuple(width)
    return (*(() if noise.tied else (gates,)), *((steps,) if noise.lifetime == "step" else ()), batch, width)
