"""Drawing masks. Nothing else in the project draws random numbers for noise."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, NamedTuple

from keras import backend, ops, random

from rnnlab.graphs import gpus, in_xla, on_processors
from rnnlab.noise.sites import Noise
from rnnlab.replicas import replicas

Tensor = Any

MANY = 1 << 16
"""How many numbers of one shape, known while a function is traced, are worth a program of their own on TensorFlow: it draws
so many 1.7 times as fast as the library's own operation (2^18 3.8 times, 2^14 0.8 times), and has to be compiled first."""


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
    """Draw one mask of `shape`, or the factors or summands of Gaussian noise; see `rnnlab.noise.sites.Noise`.

    The draw depends on the state of `seed` alone: (seed, draw number). The last axis but one is the batch, unless all examples
    share the mask; a replica that has a part of its rows gets the rows' own masks.
    """
    drawn = _rows(noise, shape, partial(_DRAWS[noise.distribution], noise.rate, seed))
    match noise.distribution:
        case "gaussian":
            return ops.cast(1 + math.sqrt(noise.rate / noise.keep) * drawn, dtype)
        case "additive":
            return ops.cast(noise.rate * drawn, dtype)
    kept = ops.cast(drawn, dtype)
    if noise.held:
        return 1 - kept
    return kept / noise.keep if noise.scale == "train" else kept


def _rows(noise: Noise, shape: tuple[Any, ...], draw: Callable[[tuple[Any, ...]], Tensor]) -> Tensor:
    """Draw for the whole batch, and return the rows of this replica."""
    number, mine = replicas()
    drawn = _DRAWN_ROWS.get()
    if noise.lifetime == "batch" or noise.sharing == "batch" or (number == 1 and drawn is None):
        return draw(shape)
    *before, rows, width = shape
    if drawn is not None:
        return ops.repeat(draw((*before, drawn, width)), rows // drawn, axis=-2)
    return draw((*before, number * rows, width))[..., mine * rows : (mine + 1) * rows, :]


def _at_least(rate: float, seed: random.SeedGenerator, shape: tuple[Any, ...]) -> Tensor:
    """Tell whether uniform numbers are at least the rate."""
    if backend.backend() == "tensorflow" and all(isinstance(size, int) for size in shape) and _ours(math.prod(shape)):
        from rnnlab.noise import philox

        return philox.at_least(rate, shape, seed.next())
    return random.uniform(shape, seed=seed, dtype="float32") >= rate


def _ours(count: int) -> bool:
    """Whether our program draws so many numbers: many in a graph; all in XLA, which draws others, a hundred times slower."""
    return (on_processors() and count >= MANY) or (in_xla() and not gpus())


def _normal(_: float, seed: random.SeedGenerator, shape: tuple[Any, ...]) -> Tensor:
    """Standard normal numbers."""
    return random.normal(shape, seed=seed, dtype="float32")


_DRAWS = {"bernoulli": _at_least, "gaussian": _normal, "additive": _normal}


def neutral(noise: Noise) -> float:
    """What stands for no noise at the site."""
    return 0.0 if noise.held or noise.distribution == "additive" else 1.0


def mean(noise: Noise) -> float:
    """What takes the mask's place in evaluation: its expectation; no gradient is stopped there and no state reset."""
    if noise.site in ("detach", "carried") or noise.distribution != "bernoulli":
        return neutral(noise)
    if noise.held:
        return noise.rate
    return 1.0 if noise.scale == "train" else noise.keep


def means(noise: Mapping[str, Noise], dtype: str) -> dict[str, Tensor]:
    """What takes the place of every mask in evaluation, by site, left out where it is as without noise."""
    values = {site: mean(one) for site, one in noise.items() if mean(one) != neutral(one)}
    return {site: ops.convert_to_tensor(value, dtype) for site, value in values.items()}


def masks(noise: Mapping[str, Noise], sizes: "Sizes", seeds: Mapping[str, random.SeedGenerator], dtype: str) -> dict[str, Any]:
    """Draw the mask of every site, a tuple of masks where each gate has its own; what is like another takes that one's."""
    own = {site: one for site, one in noise.items() if not one.like and (one.lifetime != "batch" or site in sizes.weights)}
    drawn = {site: _mask(one, sizes, seeds[site], dtype) for site, one in own.items()}
    return drawn | {site: drawn[one.like] for site, one in noise.items() if one.like}


def _mask(noise: Noise, sizes: "Sizes", seed: random.SeedGenerator, dtype: str) -> Any:
    mask = sample(noise, shape(noise, sizes), seed, dtype)
    if noise.sharing == "batch":
        return ops.broadcast_to(mask, (sizes.steps, sizes.batch, 1))
    return mask if noise.tied else tuple(ops.unstack(mask, axis=0))


class Sizes(NamedTuple):
    """What decides the shapes of a call's masks."""

    steps: Any
    batch: Any
    units: int
    gates: Mapping[str, int]
    """By site the number of gates that can have masks of their own."""
    widths: Mapping[str, Any]
    """By site the number of elements that a mask covers, where that is not `units`."""
    weights: Mapping[str, tuple[int, ...]]
    """The shapes of the cell's weights by their sites."""


def shape(noise: Noise, sizes: Sizes) -> tuple[Any, ...]:
    """The shape of a mask: (batch, width), after a time axis if it lives a step, after a gate axis if untied.

    A mask that lives a batch has the shape of the weights, or (1, width) where it is drawn by rows.
    """
    if noise.lifetime == "batch":
        *rows, width = sizes.weights[noise.site]
        return (1, width) if noise.sharing == "rows" else (*rows, width)
    width = 1 if noise.sharing in ("units", "batch") else sizes.widths.get(noise.site, sizes.units)
    examples = 1 if noise.sharing == "batch" else sizes.batch
    return (
        *(() if noise.tied else (sizes.gates[noise.site],)),
        *((sizes.steps,) if noise.lifetime == "step" else ()),
        examples,
        width,
    )
