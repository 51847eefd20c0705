"""The current rates of noise: set by a schedule, learnt, or handed to the program that computes."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

import keras
from keras import ops

from rnnlab.noise.sites import Noise
from rnnlab.tensors import Tensor

PREFIX = "noise_rate_"
"""The prefix of the weights of rates, before the site. The value is the rate, or its logit where it is learnt."""
NONE: Mapping[tuple[int, str], Tensor] = MappingProxyType({})
_HANDED = ContextVar("rates by layer and site", default=NONE)


class ChangingRates:
    """Mixed into a layer with noise: a weight for every rate that changes, so that compiled functions read its current value.

    They are saved with the other weights: a model at its best epoch has the rates of that epoch.
    """

    rate_weights: dict[str, keras.Variable]
    epoch: keras.Variable | None = None
    """The number of the epoch, from 0, where a distribution depends on it."""
    noise: Any
    """A mapping by site, or the one noise of an embedding."""
    add_weight: Callable[..., keras.Variable]

    def open_rates(self, noise: Iterable[Noise]) -> None:
        """Create a weight for every rate that changes and has none yet; a schedule begins at the rate of the first step."""
        if not hasattr(self, "rate_weights"):
            self.rate_weights = {}
        for one in noise:
            if self.epoch is None and one.own and one.own.needs("epoch"):
                self.epoch = self.add_weight(
                    shape=(), initializer="zeros", dtype="float32", trainable=False, autocast=False, name=f"{PREFIX}epoch"
                )
            if changes(one) and one.site not in self.rate_weights:
                start = one.rate * one.schedule.factor(0, 0) if one.schedule else math.log(one.rate / one.keep)
                self.rate_weights[one.site] = self.add_weight(
                    shape=(),
                    initializer=keras.initializers.Constant(start),
                    dtype="float32",
                    trainable=one.learned,
                    name=f"{PREFIX}{one.site}",
                )

    def changing(self) -> dict[str, Noise]:
        """The noises whose rate changes, by site."""
        weights = getattr(self, "rate_weights", {})
        return {site: one for site, one in self._by_site().items() if site in weights and changes(one)}

    def constant(self) -> dict[str, float]:
        """The rates that do not change, by site; not those of distributions of your own, which may branch on them."""
        own = {site: one for site, one in self._by_site().items() if not one.like and not changes(one)}
        return {site: one.rate for site, one in own.items() if not one.own}

    def rates(self) -> dict[str, Tensor]:
        """The current rates, by the sites where they change or were handed over."""
        changing, handed = self.changing(), _HANDED.get()
        values = {site: ops.convert_to_tensor(self.rate_weights[site]) for site in changing}
        now = {site: ops.sigmoid(value) if changing[site].learned else value for site, value in values.items()}
        return now | {site: handed[id(self), site] for site in self.constant() if (id(self), site) in handed}

    def _by_site(self) -> Mapping[str, Noise]:
        return self.noise if isinstance(self.noise, Mapping) else {self.noise.site: self.noise} if self.noise else {}

    @property
    def dated(self) -> bool:
        """Whether its noise depends on the epoch or the step, so that `set_rates` has to be called."""
        return bool(self.changing()) or self.epoch is not None

    def told(self, inputs: Tensor) -> dict[str, Tensor]:
        """The values that its noise may depend on; inputs other than words have the type of the drawn numbers."""
        if keras.backend.is_float_dtype(keras.backend.standardize_dtype(inputs.dtype)):
            inputs = ops.cast(inputs, "float32")
        return {"inputs": inputs} if self.epoch is None else {"inputs": inputs, "epoch": ops.convert_to_tensor(self.epoch)}

    def set_rates(self, epoch: int, step: int) -> None:
        """Set the epoch, and the rates that have a schedule to those of an epoch and a step, both counted from 0."""
        if self.epoch is not None:
            self.epoch.assign(epoch)
        for site, one in self.changing().items():
            if one.schedule:
                self.rate_weights[site].assign(one.rate * one.schedule.factor(epoch, step))


def constant_rates(layers: Iterable[keras.layers.Layer]) -> dict[tuple[int, str], float]:
    """Return the rates of some layers that do not change, by the layer's `id` and the site.

    >>> constant_rates([keras.layers.Dropout(0.3)])
    {}
    """
    noisy = [layer for layer in layers if isinstance(layer, ChangingRates)]
    return {(id(layer), site): rate for layer in noisy for site, rate in layer.constant().items()}


@contextmanager
def handed(places: Iterable[tuple[int, str]], rates: Sequence[Tensor]) -> Iterator[None]:
    """Let layers take these rates in place of their constant ones: a program whose rates are inputs serves every rate."""
    token = _HANDED.set(dict(zip(places, rates, strict=True)))
    try:
        yield
    finally:
        _HANDED.reset(token)


def changes(noise: Noise) -> bool:
    """Whether the rate is a weight of the layer."""
    return not noise.like and (noise.learned or noise.schedule is not None)


def is_rate(weight: keras.Variable) -> bool:
    """Whether a weight is a rate of noise."""
    return str(weight.name).startswith(PREFIX)


def penalty(noise: Noise, rate: Tensor, kernel: Tensor) -> Tensor:
    """The penalty that a learnt rate p adds to the loss: on the size of W, and on the negative entropy of the masks.

    weight_penalty * sum(W^2) / (1 - p) + rate_penalty * D (p log p + (1 - p) log(1 - p)), D the inputs of W (Gal, Hron &
    Kendall 2017, arXiv 1705.07832).
    """
    entropy = -(rate * ops.log(rate) + (1 - rate) * ops.log(1 - rate))
    kernel = ops.cast(kernel, rate.dtype)
    return noise.weight_penalty * ops.sum(ops.square(kernel)) / (1 - rate) - noise.rate_penalty * kernel.shape[0] * entropy
