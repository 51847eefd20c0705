"""Drawing masks. Nothing else in the project draws random numbers for noise."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from keras import backend, ops, random

from rnnlab.graphs import gpus, in_xla, on_processors
from rnnlab.noise.sites import Noise
from rnnlab.replicas import replicas

Tensor = Any
Told = Mapping[str, Any]
"""What a distribution of your own may depend on, by name: `inputs`, (steps, batch, features), and `epoch`."""
NOTHING: Told = {}

MANY = 1 << 16
"""From how many numbers on, the shape being known while a function is traced, a program of our own draws them on TensorFlow:
it draws many faster than the library's own operation and few slower, and has to be compiled first."""

TEMPERATURE, TINY = 0.1, 1e-7
"""Of the soft masks whose rate is learnt: the temperature, and the distance of a uniform number from 0 and 1."""
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


def sample(
    noise: Noise, shape: tuple[Any, ...], seed: random.SeedGenerator, dtype: str, rate: Any = None, told: Told = NOTHING
) -> Tensor:
    """Draw one mask of `shape`, or the factors or summands of Gaussian noise; see `rnnlab.noise.sites.Noise`.

    The draw depends on the state of `seed` alone: (seed, draw number). The last axis but one is the batch, unless all examples
    share the mask; a replica that has a part of its rows gets the rows' own masks. `rate` is the rate of now, where it changes;
    `told` are inputs and epoch, for a distribution of your own.
    """
    rate = noise.rate if rate is None else rate
    if own := noise.own:
        rate = ops.cast(rate, "float32") if ops.is_tensor(rate) else rate  # as what is drawn, whatever layers compute in
        drawn = {name: _rows(noise, shape, partial(_DRAWS[name], rate, seed)) for name in own.drawn}
        return _whole(own.given(own.mask, dict(noise.settings), **drawn, **told, rate=rate), shape, dtype)
    drawn = _rows(noise, shape, partial(_DRAWS[noise.distribution], rate, seed))
    match noise.distribution:
        case "gaussian":
            return ops.cast(1 + (rate / (1 - rate)) ** 0.5 * drawn, dtype)
        case "additive":
            return ops.cast(rate * drawn, dtype)
        case "concrete":
            return ops.cast(drawn / (1 - rate), dtype)
    kept = ops.cast(drawn, dtype)
    if noise.held:
        return 1 - kept
    return kept / (1 - ops.cast(rate, dtype) if ops.is_tensor(rate) else 1 - rate) if noise.scale == "train" else kept


def _whole(value: Any, shape: tuple[Any, ...], dtype: str) -> Tensor:
    """What a distribution of your own gave, in the shape of the mask; as the scans have it, no gradient goes through."""
    return ops.broadcast_to(ops.stop_gradient(ops.cast(value, dtype)), shape)


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
    if _known(shape) and _ours(math.prod(shape)):
        from rnnlab.noise import philox

        return philox.at_least(rate, shape, seed.next())
    return _uniform(rate, seed, shape) >= rate


def _known(shape: tuple[Any, ...]) -> bool:
    """Whether TensorFlow knows a shape while a function is traced."""
    return backend.backend() == "tensorflow" and all(isinstance(size, int) for size in shape)


def _ours(count: int) -> bool:
    """Whether our program draws so many numbers: many in a graph; all in XLA, which draws others, a hundred times slower."""
    return (on_processors() and count >= MANY) or (in_xla() and not gpus())


def _normal(_: float, seed: random.SeedGenerator, shape: tuple[Any, ...]) -> Tensor:
    """Standard normal numbers."""
    if _known(shape) and not (in_xla() or gpus()) and math.prod(shape) >= MANY:
        from rnnlab.noise import normals

        return normals.standard(shape, seed.next())
    return random.normal(shape, seed=seed, dtype="float32")


def _concrete(rate: Tensor, seed: random.SeedGenerator, shape: tuple[Any, ...]) -> Tensor:
    """Soft masks 1 - sigmoid((logit p + logit u) / temperature), which have a gradient by p (Gal et al. 2017)."""
    u = ops.clip(random.uniform(shape, seed=seed, dtype="float32"), TINY, 1 - TINY)
    return 1 - ops.sigmoid((ops.log(rate / (1 - rate)) + ops.log(u / (1 - u))) / TEMPERATURE)


def _uniform(_: float, seed: random.SeedGenerator, shape: tuple[Any, ...]) -> Tensor:
    """Uniform numbers in [0, 1)."""
    if _known(shape) and in_xla() and not gpus():
        from rnnlab.noise import philox

        return philox.uniform(shape, seed.next())
    return random.uniform(shape, seed=seed, dtype="float32")


_DRAWS = {
    "bernoulli": _at_least,
    "gaussian": _normal,
    "additive": _normal,
    "concrete": _concrete,
    "uniform": _uniform,
    "normal": _normal,
}


def neutral(noise: Noise) -> float:
    """The mask that is no noise at the site."""
    return 0.0 if noise.held or noise.distribution == "additive" else 1.0


def mean(noise: Noise, rate: Any = None, told: Told = NOTHING) -> Any:
    """What takes the mask's place in evaluation: its expectation; no gradient is stopped there and no state reset."""
    if off(noise):
        return neutral(noise)
    rate = noise.rate if rate is None else rate
    if noise.own and noise.own.mean is not None:
        value = noise.own.mean
        return noise.own.given(value, dict(noise.settings), **told, rate=rate) if depends(noise) else value
    return rate if noise.held else 1 - rate


def depends(noise: Noise) -> bool:
    """Whether the mean is a function of your own, which may depend on more than the rate."""
    return noise.own is not None and callable(noise.own.mean)


def off(noise: Noise) -> bool:
    """Whether evaluation is without the noise."""
    if noise.site in ("detach", "carried"):
        return True
    if noise.own and noise.own.mean is not None:
        return not depends(noise) and bool(noise.own.mean == neutral(noise))
    return not (noise.held or noise.scale == "test")


def means(
    noise: Mapping[str, Noise],
    dtype: str,
    rates: Mapping[str, Any] | None = None,
    told: Told = NOTHING,
    sizes: "Sizes | None" = None,
) -> dict[str, Tensor]:
    """The means that take the place of masks in evaluation, by site; sites whose mean is no noise are left out.

    A mean that depends on the inputs has the shape of a mask, which follows from `sizes`.
    """
    now = rates or {}
    acting = {site: mean(one, now.get(one.like or site), told) for site, one in noise.items() if not off(one)}
    values = {site: ops.convert_to_tensor(value, dtype) for site, value in acting.items()}
    return {
        site: _whole(value, shape(replace(noise[site], tied=True), sizes), dtype) if sizes and len(value.shape) else value
        for site, value in values.items()
    }


def masks(
    noise: Mapping[str, Noise],
    sizes: "Sizes",
    seeds: Mapping[str, random.SeedGenerator],
    dtype: str,
    rates: Mapping[str, Any] | None = None,
    told: Told = NOTHING,
) -> dict[str, Any]:
    """Draw the mask of every site, a tuple of masks where each gate has its own; what is like another takes that one's.

    `rates` are the rates of now, by the sites where they change; `told` are inputs and epoch, for distributions of your own.
    """
    own = {site: one for site, one in noise.items() if not one.like and (one.lifetime != "batch" or site in sizes.weights)}
    drawn = {site: _mask(one, sizes, seeds[site], dtype, (rates or {}).get(site), told) for site, one in own.items()}
    return drawn | {site: drawn[one.like] for site, one in noise.items() if one.like}


def _mask(noise: Noise, sizes: "Sizes", seed: random.SeedGenerator, dtype: str, rate: Any, told: Told) -> Any:
    mask = sample(noise, shape(noise, sizes), seed, dtype, rate, told)
    if noise.sharing == "batch":
        return ops.broadcast_to(mask, (sizes.steps, sizes.batch, 1))
    if noise.sharing == "units" and noise.lifetime == "step":  # or every product of it in a loop would be one of unlike shapes
        mask = ops.broadcast_to(mask, (*ops.shape(mask)[:-1], sizes.widths.get(noise.site, sizes.units)))
    if noise.tied:
        return mask
    of_gates = tuple(ops.unstack(mask, axis=0))
    return of_gates if len(of_gates) > 1 else of_gates[0]


class Sizes(NamedTuple):
    """The sizes that decide the shapes of a call's masks."""

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
