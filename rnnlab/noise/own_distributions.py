"""Distributions of noise by name, registered by plug-ins: each is a function from drawn numbers to a mask."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import TypeVar

from rnnlab.documents import Plain
from rnnlab.names import check_named, check_settings
from rnnlab.registry import Registry, file_of
from rnnlab.tensors import Operand, Tensor

Function = TypeVar("Function", bound=Callable)
Value = TypeVar("Value")

DRAWN = ("uniform", "normal")
"""Parameters for which numbers are drawn in the mask's shape: uniform in [0, 1), or standard normal."""
TOLD = ("rate", "inputs", "epoch")
"""Parameters that are given the current rate, the inputs of the layer, or the epoch."""
BUILT_IN = ("bernoulli", "gaussian", "additive", "concrete")


@dataclass(frozen=True, eq=False)
class Distribution:
    """A distribution: a pure function in `keras.ops` that returns a mask, and the mask's value in evaluation."""

    name: str
    mask: Callable[..., Tensor]
    mean: float | Callable[..., Tensor | float] | None = None
    """A number, a function of `TOLD` and settings, or None: the rate at the hold sites, 1 at all others."""

    @property
    def drawn(self) -> tuple[str, ...]:
        """The names of the numbers that have to be drawn for it."""
        return tuple(name for name in DRAWN if name in signature(self.mask).parameters)

    def needs(self, name: str) -> bool:
        """Whether mask or mean depend on the inputs or on the epoch."""
        functions = (self.mask, *([self.mean] if callable(self.mean) else []))
        return any(name in signature(function).parameters for function in functions)

    def check(self, settings: Mapping[str, Plain]) -> None:
        """Raise ValueError for settings that are missing, unknown or no plain values."""
        own = [one for one in signature(self.mask).parameters.values() if one.name not in (*DRAWN, *TOLD)]
        check_settings(f"distribution {self.name!r}", own, settings)
        for name, value in settings.items():
            if not isinstance(value, bool | int | float | str):
                raise ValueError(f"distribution {self.name!r}: {name} must be a number, a text, true or false, got {value!r}")

    def given(self, function: Callable[..., Value], settings: Mapping[str, Plain], **told: Operand) -> Value:
        """Call the mask or the mean with those of the values that it has parameters for."""
        values = {**settings, **told}
        return function(**{name: values[name] for name in signature(function).parameters if name in values})


DISTRIBUTIONS: Registry[Distribution] = Registry("distribution")
"""The distributions of plug-ins by name."""


def distribution(name: str, *, mean: float | Callable[..., Tensor | float] | None = None) -> Callable[[Function], Function]:
    """Register the function below as a distribution of noise: `Noise(site=..., distribution=name, rate=...)`.

    The function returns a mask and is written in `keras.ops`. Its parameters say what it is given: `uniform` and `normal`,
    numbers drawn in the mask's shape; `rate`, the current one where it has a schedule; `inputs` of the layer, (steps, batch,
    features), for the site `word` the words (batch, steps); `epoch`, from 0. All others are settings, which `Noise` takes as
    `settings={...}`. A mask of the inputs goes with `lifetime: step` and has to broadcast to (steps, batch, width). No gradient
    goes through a mask. In evaluation nothing is drawn, and `mean` takes the mask's place: a number or a function of rate,
    inputs, epoch and settings; by default the rate at the hold sites, and 1 at all others.

    Raises ValueError for a name that is taken and for parameters that cannot be filled.

    >>> from keras import ops
    >>> @distribution("between")
    ... def between(uniform, rate, width=1.0):
    ...     "Factors spread evenly around 1."
    ...     return 1 + rate * width * (2 * uniform - 1)
    >>> from rnnlab.layers import LSTM
    >>> noise = {"site": "recurrent", "distribution": "between", "rate": 0.2, "settings": {"width": 0.5}}
    >>> LSTM(4, recurrent_dropout=noise).noise["recurrent"].settings
    (('width', 0.5),)
    >>> DISTRIBUTIONS.discard(DISTRIBUTIONS.sources["between"])
    """

    def register(function: Function) -> Function:
        if name in BUILT_IN:
            raise ValueError(f"there is a distribution {name!r} already, from rnnlab: give another name")
        _check_parameters(name, function, mean)
        DISTRIBUTIONS.add(name, Distribution(name, function, mean), file_of(function))
        return function

    return register


def _check_parameters(name: str, function: Callable, mean: object) -> None:
    check_named(f"distribution {name!r}", function)
    known = signature(function).parameters
    if callable(mean):
        allowed = [*TOLD, *(one for one in known if one not in DRAWN)]
        if unknown := [one for one in signature(mean).parameters if one not in allowed]:
            raise ValueError(f"the mean of {name!r} is told {', '.join(dict.fromkeys(allowed))}, and asks for {unknown[0]!r}")


def name_of(given: object) -> str:
    """The name of a distribution that is given by name, or by the function that was registered."""
    if not callable(given):
        return str(given)
    names = [name for name, known in DISTRIBUTIONS.items() if known.mask is given]
    if not names:
        raise ValueError(f"register the distribution {getattr(given, '__name__', given)} by rnnlab.register.distribution(name)")
    return names[0]
