"""Schemes and their declaration."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from inspect import Parameter, signature
from typing import Any, TypeVar

from rnnlab.documents import Plain
from rnnlab.names import check_named
from rnnlab.noise.sites import Noise
from rnnlab.registry import Registry, file_of

ARGUMENTS = ("dropout", "recurrent_dropout", "embedding")
"""The layer arguments that take noise."""
Function = TypeVar("Function", bound=Callable)
Build = Callable[..., tuple[Noise, ...]]


@dataclass(frozen=True)
class Scheme:
    """A named scheme: a composition of noise values, with the facts from its paper."""

    build: Build
    """Takes the name of the layer argument, then the settings of the scheme by name, and returns the noise."""
    arguments: tuple[str, ...]
    """The layer arguments that take it."""
    equation: str = ""
    paper: str = ""
    example: Mapping[str, Plain] = field(default_factory=dict)
    """Settings to begin with."""
    settings: str = "not published"
    """The settings that the paper used."""
    source: str = "not checked"
    """Where the definition was read, and so how reliable it is."""


SCHEMES: Registry[Scheme] = Registry("scheme")
"""Every scheme by name, in the order of declaration."""


def scheme(name: str, *arguments: str, argument: str = "", **about: Any) -> Callable[[Function], Function]:
    """Declare the function below as the scheme `name` of these layer arguments; its parameters become the settings.

    A parameter `argument`, in any place, is given the layer argument's name instead. `about` are the other fields of `Scheme`;
    the function's docstring says what the scheme does. Raises ValueError for a name that is taken, for an argument that takes
    no noise, and for a parameter that cannot be given by its name.

    >>> from rnnlab.noise.schemes import noises
    >>> @scheme("cell_per_step", "recurrent_dropout", equation="c_t = m_t * c_t", paper="none", example={"rate": 0.1})
    ... def cell_per_step(argument, rate):
    ...     "Drops the cell state anew at every step."
    ...     return (Noise(site="cell", rate=rate, lifetime="step"),)
    >>> [noise.lifetime for noise in noises({"scheme": "cell_per_step", "rate": 0.2}, "recurrent_dropout")]
    ['step']
    >>> SCHEMES.discard(SCHEMES.sources["cell_per_step"])
    """
    arguments += (argument,) if argument else ()
    if unknown := [argument for argument in arguments if argument not in ARGUMENTS] or not arguments:
        raise ValueError(f"scheme {name!r} needs one or more of {', '.join(ARGUMENTS)}, got {unknown or 'none'!r}")

    def declare(function: Function) -> Function:
        check_named(f"scheme {name!r}", function)
        SCHEMES.add(name, Scheme(_build(function), arguments, **about), file_of(function))
        return function

    return declare


def _build(function: Callable[..., tuple[Noise, ...]]) -> Build:
    """The function as one that takes the name of the layer argument first, whether or where it has a parameter for it."""
    own = signature(function)
    settings = [parameter for name, parameter in own.parameters.items() if name != "argument"]
    told = len(settings) < len(own.parameters)

    @wraps(function)
    def build(argument: str, /, **settings: Plain) -> tuple[Noise, ...]:
        return function(argument=argument, **settings) if told else function(**settings)

    first = Parameter("argument", Parameter.POSITIONAL_ONLY)
    build.__signature__ = own.replace(parameters=[first, *settings])  # type: ignore[attr-defined]
    return build
