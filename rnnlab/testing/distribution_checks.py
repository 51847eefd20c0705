"""Check that a registered distribution of noise does what every distribution has to."""

from collections.abc import Sequence

import numpy as np
from keras import ops, random

from rnnlab.documents import Plain
from rnnlab.noise.own_distributions import DISTRIBUTIONS
from rnnlab.noise.sampling import Conditions, mean, sample
from rnnlab.noise.sites import Noise
from rnnlab.tensors import Tensor
from rnnlab.testing.backends import elsewhere
from rnnlab.testing.layer_checks import compiled
from rnnlab.testing.require import CheckError, require, require_close

STEPS, ROWS, WIDTH, DRAWS = 3, 4, 5, 2000
EPOCH = 3.0
"""The epoch of every check."""


def check_distribution(
    name: str, rate: float = 0.3, site: str = "recurrent", backends: Sequence[str] = (), **settings: Plain
) -> None:
    """Check a registered distribution at a rate and a site, with its `settings`; raise CheckError where it fails.

    Its masks are finite numbers, the same compiled as called directly; the value that replaces them in evaluation is their
    average, for each input where they depend on the inputs. `backends` are checked in separate processes.

    >>> from keras import ops
    >>> from rnnlab import register
    >>> @register.distribution("lifted")
    ... def lifted(uniform, rate):
    ...     return 1 + rate * uniform
    >>> check_distribution("lifted")
    Traceback (most recent call last):
    rnnlab.testing.require.CheckError: masks of lifted are 1.15 on average where evaluation takes 1: give it mean=
    """
    check_drawn(Noise(site=site, distribution=DISTRIBUTIONS[name].name, rate=rate, settings=settings))
    for backend in backends:
        elsewhere(DISTRIBUTIONS, "check_distribution", name, {"rate": rate, "site": site, **settings}, backend)


def check_drawn(noise: Noise) -> None:
    """Check the masks of noise with a user's distribution."""
    x = np.random.default_rng(0).normal(size=(STEPS, ROWS, WIDTH)).astype("float32")
    told = {"inputs": ops.convert_to_tensor(np.repeat(x, DRAWS, axis=1)), "epoch": ops.convert_to_tensor(EPOCH)}
    masks = _masks(noise, told)
    if noise.site in ("detach", "carried"):
        return
    try:
        expected = np.asarray(ops.convert_to_numpy(mean(noise, noise.rate, told)), "float32")
        expected = np.broadcast_to(expected, masks.shape).reshape(STEPS, ROWS, DRAWS, WIDTH)[:, :, 0]
    except Exception as error:
        raise CheckError(_failed("mean", noise, error)) from error
    drawn = masks.reshape(STEPS, ROWS, DRAWS, WIDTH)
    apart = np.abs(drawn.mean(axis=2) - expected) - 6 * drawn.std(axis=2) / DRAWS**0.5
    place = np.unravel_index(apart.argmax(), apart.shape)
    told_ = f"masks of {noise.distribution} are {drawn.mean():.3g} on average where evaluation takes {expected.mean():.3g}"
    require(bool(apart[place] <= 1e-5), f"{told_}: give it mean=")


def _masks(noise: Noise, told: Conditions) -> np.ndarray:
    seeds = random.SeedGenerator(1)

    def draw() -> Tensor:
        return sample(noise, (STEPS, ROWS * DRAWS, WIDTH), seeds, "float32", noise.rate, told)

    start = ops.convert_to_numpy(seeds.state).copy()
    try:
        eager = np.asarray(ops.convert_to_numpy(draw()))
        seeds.state.assign(start)
        again = np.asarray(ops.convert_to_numpy(compiled(draw)()))
    except Exception as error:
        raise CheckError(_failed("function", noise, error)) from error
    require(bool(np.isfinite(eager).all()), f"masks of {noise.distribution} are not finite numbers")
    require_close(again, eager, f"masks of {noise.distribution} change once it is compiled: write it in keras.ops")
    return eager


def _failed(what: str, noise: Noise, error: Exception) -> str:
    first = (str(error).splitlines() or [""])[0]
    return f"the {what} of {noise.distribution} makes no masks: write it in keras.ops ({type(error).__name__}: {first})"
