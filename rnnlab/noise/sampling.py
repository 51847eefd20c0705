"""Drawing masks. Nothing else in the project draws random numbers for noise."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import partial

from keras import backend, ops, random

from rnnlab.graphs import gpus, in_xla, on_processors
from rnnlab.noise.mask_shapes import Sizes, shape
from rnnlab.noise.sites import Noise
from rnnlab.replicas import replicas
from rnnlab.tensors import Mask, Shape, Tensor

RateTensor = Tensor | float
Conditions = Mapping[str, Tensor]
"""The values that a distribution of your own may depend on, by name: `inputs`, (steps, batch, features), and `epoch`."""
NOTHING: Conditions = {}

MANY = 1 << 16
"""The least count of numbers that a program of our own draws on TensorFlow, where the shape is known while tracing.
The program draws many numbers faster than TensorFlow's operation and few slower, and has to be compiled first."""

TEMPERATURE, TINY = 0.1, 1e-7
"""For soft masks with a learnt rate: the temperature, and the least distance of a uniform number from 0 and 1."""
_DRAWN_ROWS: ContextVar[int | None] = ContextVar("drawn rows", default=None)


@contextmanager
def shared_masks(rows: int) -> Iterator[None]:
    """Draw only `rows` rows of every mask, and repeat each for an equal number of neighbouring rows of the batch.

    A prediction then does not depend on the rest of its batch. The rows of a batch have to be a multiple of `rows`; a function
    that is compiled inside keeps the number.
    """
    token = _DRAWN_ROWS.set(rows)
    try:
        yield
    finally:
        _DRAWN_ROWS.reset(token)


def sample(
    noise: Noise,
    shape: Shape,
    seed: random.SeedGenerator,
    dtype: str,
    rate: RateTensor | None = None,
    told: Conditions = NOTHING,
) -> Tensor:
    """Draw one mask of `shape`, or the factors or summands of Gaussian noise; see `rnnlab.noise.sites.Noise`.

    The draw depends on the state of `seed` alone: (seed, draw number). The last axis but one is the batch, unless all examples
    share the mask; a replica that has some of the rows gets the masks of those rows. `rate` is the current rate, where it
    is not a constant; `told` holds inputs and epoch, for a distribution of your own.
    """
    rate = noise.rate if rate is None else rate
    if own := noise.own:
        rate = ops.cast(rate, "float32") if ops.is_tensor(rate) else rate  # as what is drawn, whatever layers compute in
        numbers = {name: _rows(noise, shape, partial(_DRAWS[name], rate, seed)) for name in own.drawn}
        return _whole(own.given(own.mask, dict(noise.settings), **numbers, **told, rate=rate), shape, dtype)
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
    return kept / (ops.cast(1 - rate, dtype) if ops.is_tensor(rate) else 1 - rate) if noise.scale == "train" else kept


def _whole(value: RateTensor, shape: Shape, dtype: str) -> Tensor:
    """The result of a distribution of your own, broadcast to the mask's shape; no gradient passes, as in the scans."""
    return ops.broadcast_to(ops.stop_gradient(ops.cast(value, dtype)), shape)


def _rows(noise: Noise, shape: Shape, draw: Callable[[Shape], Tensor]) -> Tensor:
    """Draw for the whole batch, and return the rows of this replica."""
    number, mine = replicas()
    drawn = _DRAWN_ROWS.get()
    if noise.lifetime == "batch" or noise.sharing == "batch" or (number == 1 and drawn is None):
        return draw(shape)
    *before, rows, width = shape
    if drawn is not None:
        return ops.repeat(draw((*before, drawn, width)), rows // drawn, axis=-2)
    return draw((*before, number * rows, width))[..., mine * rows : (mine + 1) * rows, :]


def _at_least(rate: RateTensor, seed: random.SeedGenerator, shape: Shape) -> Tensor:
    """Tell whether uniform numbers are at least the rate."""
    if _known(shape) and _ours(math.prod(shape)):
        from rnnlab.noise import philox

        return philox.at_least(rate, shape, seed.next())
    return _uniform(rate, seed, shape) >= rate


def _known(shape: Shape) -> bool:
    """Whether TensorFlow knows a shape while a function is traced."""
    return backend.backend() == "tensorflow" and all(isinstance(size, int) for size in shape)


def _ours(count: int) -> bool:
    """Whether our program draws this many numbers: many in a graph; any in XLA, whose own numbers differ and are slow."""
    return (on_processors() and count >= MANY) or (in_xla() and not gpus())


def _normal(_: RateTensor, seed: random.SeedGenerator, shape: Shape) -> Tensor:
    """Standard normal numbers."""
    if _known(shape) and not (in_xla() or gpus()) and math.prod(shape) >= MANY:
        from rnnlab.noise import normals

        return normals.standard(shape, seed.next())
    return random.normal(shape, seed=seed, dtype="float32")


def _concrete(rate: RateTensor, seed: random.SeedGenerator, shape: Shape) -> Tensor:
    """Soft masks 1 - sigmoid((logit p + logit u) / temperature), which are differentiable in p (Gal et al. 2017)."""
    u = ops.clip(random.uniform(shape, seed=seed, dtype="float32"), TINY, 1 - TINY)
    return 1 - ops.sigmoid((ops.log(rate / (1 - rate)) + ops.log(u / (1 - u))) / TEMPERATURE)


def _uniform(_: RateTensor, seed: random.SeedGenerator, shape: Shape) -> Tensor:
    """Uniform numbers in [0, 1)."""
    if _known(shape) and in_xla() and not gpus():
        from rnnlab.noise import philox

        return philox.uniform(shape, seed.next())
    return random.uniform(shape, seed=seed, dtype="float32")


_DRAWS: dict[str, Callable[[RateTensor, random.SeedGenerator, Shape], Tensor]] = {
    "bernoulli": _at_least,
    "gaussian": _normal,
    "additive": _normal,
    "concrete": _concrete,
    "uniform": _uniform,
    "normal": _normal,
}


def neutral(noise: Noise) -> float:
    """The mask that leaves the site as it is."""
    return 0.0 if noise.held or noise.distribution == "additive" else 1.0


def mean(noise: Noise, rate: RateTensor | None = None, told: Conditions = NOTHING) -> RateTensor:
    """The expectation of the mask, which takes its place in evaluation, where no gradient is stopped and no state reset."""
    if off(noise):
        return neutral(noise)
    rate = noise.rate if rate is None else rate
    if noise.own and noise.own.mean is not None:
        value = noise.own.mean
        return noise.own.given(value, dict(noise.settings), **told, rate=rate) if callable(value) else value
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
    rates: Mapping[str, RateTensor] | None = None,
    told: Conditions = NOTHING,
    sizes: Sizes | None = None,
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
    sizes: Sizes,
    seeds: Mapping[str, random.SeedGenerator],
    dtype: str,
    rates: Mapping[str, RateTensor] | None = None,
    told: Conditions = NOTHING,
) -> dict[str, Mask]:
    """Draw the mask of every site, a tuple of masks where each gate has its own; `like` sites share the mask of another.

    `rates` are the current rates, by the sites where they are not constants; `told` holds inputs and epoch, for distributions
    of your own.
    """
    own = {site: one for site, one in noise.items() if not one.like and (one.lifetime != "batch" or site in sizes.weights)}
    drawn = {site: _mask(one, sizes, seeds[site], dtype, (rates or {}).get(site), told) for site, one in own.items()}
    return drawn | {site: drawn[one.like] for site, one in noise.items() if one.like}


def _mask(
    noise: Noise, sizes: Sizes, seed: random.SeedGenerator, dtype: str, rate: RateTensor | None, told: Conditions
) -> Mask:
    mask = sample(noise, shape(noise, sizes), seed, dtype, rate, told)
    if noise.sharing == "batch":
        return ops.broadcast_to(mask, (sizes.steps, sizes.batch, 1))
    if noise.sharing == "units" and noise.lifetime == "step":  # else every product in a loop would broadcast
        mask = ops.broadcast_to(mask, (*ops.shape(mask)[:-1], sizes.widths.get(noise.site, sizes.units)))
    if noise.tied:
        return mask
    of_gates = tuple(ops.unstack(mask, axis=0))
    return of_gates if len(of_gates) > 1 else of_gates[0]
