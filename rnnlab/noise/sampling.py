"""Drawing masks. Nothing else in the project draws random numbers for noise."""

from typing import Any

from keras import ops, random

from rnnlab.noise.sites import Noise
from rnnlab.replicas import replicas

Tensor = Any


def sample(noise: Noise, shape: tuple[Any, ...], seed: random.SeedGenerator, dtype: str) -> Tensor:
    """Draw one mask of `shape`: 0 or 1 with P(0) = rate (P(1) = rate at the hold sites), divided by 1 - rate if scaled.

    The draw depends on the state of `seed` alone: (seed, draw number). The last axis but one is the batch, unless the mask
    lives a batch; a replica that has a part of its rows gets the rows' own masks.
    """
    uniform = _uniform(noise, shape, seed)
    if noise.site.startswith("hold"):
        return ops.cast(uniform < noise.rate, dtype)
    mask = ops.cast(uniform >= noise.rate, dtype)
    return mask / noise.keep if noise.scale == "train" else mask


def _uniform(noise: Noise, shape: tuple[Any, ...], seed: random.SeedGenerator) -> Tensor:
    """Draw for the whole batch, and return the rows of this replica."""
    number, mine = replicas()
    if number == 1 or noise.lifetime == "batch":
        return random.uniform(shape, seed=seed, dtype="float32")
    *before, rows, width = shape
    return random.uniform((*before, number * rows, width), seed=seed, dtype="float32")[..., mine * rows : (mine + 1) * rows, :]


def mean(noise: Noise) -> float:
    """The mask's expectation, which takes its place in evaluation: 1 if scaled in training, else its probability of 1."""
    if noise.site.startswith("hold"):
        return noise.rate
    return 1.0 if noise.scale == "train" else noise.keep


def shape(noise: Noise, steps: Any, batch: Any, width: Any, gates: int) -> tuple[Any, ...]:
    """The shape of a mask for `width` units: (batch, width), after a time axis if it lives a step, after a gate axis if untied.

    A mask that lives a batch has the shape of what it multiplies, which is then the width.
    """
    if noise.lifetime == "batch":
        return tuple(width)
    return (*(() if noise.tied else (gates,)), *((steps,) if noise.lifetime == "step" else ()), batch, width)
