"""The learning rate of an epoch, as a function of the epoch alone or of what was reached."""

import math
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field

from rnnlab.section import Section

Count = Annotated[int, Field(ge=1, le=1_000_000)]
"""A number of epochs."""


class Decay(Section):
    """Constant for some epochs, then divided after every one (Zaremba et al. 2014, arXiv 1409.2329)."""

    name: Literal["decay"]
    """The name of the schedule."""
    constant: Annotated[int, Field(ge=0)]
    """Epochs at the full rate; the next one is the first at a lower rate."""
    divisor: Annotated[float, Field(gt=1)]
    """What the rate is divided by for every epoch after those."""


class Steps(Section):
    """Multiplied once an epoch of a list has ended."""

    name: Literal["steps"]
    """The name of the schedule."""
    after: Annotated[list[Count], Field(min_length=1)]
    """The epochs after which the rate falls, counted from 1."""
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """What the rate is multiplied by each time."""


class Cosine(Section):
    """From the full rate in the first epoch along half a cosine to the final one in the last (Loshchilov & Hutter 2017)."""

    name: Literal["cosine"]
    """The name of the schedule."""
    final: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """The rate of the last epoch, as a part of the full one."""
    warmup: Annotated[int, Field(ge=0)] = 0
    """Epochs in which the rate first rises in equal steps to the full one."""


class Plateau(Section):
    """Multiplied whenever the monitored figure has not got better for some epochs."""

    name: Literal["plateau"]
    """The name of the schedule."""
    patience: Count = 1
    """Epochs without a better figure."""
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """What the rate is multiplied by."""
    least: Annotated[float, Field(ge=0)] = 0.0
    """The rate never falls below this."""


ByEpoch = Decay | Steps | Cosine
"""Schedules that depend on the epoch alone."""
ScheduleConfig = Annotated[ByEpoch | Plateau, Field(discriminator="name")]
"""Any schedule."""


def decay(config: Decay, epoch: int, epochs: int) -> float:
    """1 / divisor^max(0, epoch - constant)."""
    return config.divisor ** -max(0, epoch - config.constant)


def steps(config: Steps, epoch: int, epochs: int) -> float:
    """factor^k after k of the listed epochs."""
    return config.factor ** sum(epoch > end for end in config.after)


def cosine(config: Cosine, epoch: int, epochs: int) -> float:
    """final + (1 - final) (1 + cos(pi t)) / 2, where t goes from 0 to 1 over the epochs after the warm-up."""
    if epoch <= config.warmup:
        return epoch / (config.warmup + 1)
    t = (epoch - config.warmup - 1) / max(1, epochs - config.warmup - 1)
    return config.final + (1 - config.final) * (1 + math.cos(math.pi * t)) / 2


FACTORS: dict[str, Callable[..., float]] = {"decay": decay, "steps": steps, "cosine": cosine}
"""The equation of each of them, by name."""


def factor(config: ByEpoch, epoch: int, epochs: int) -> float:
    """Return the part of the full rate that an epoch, counted from 1, is trained with.

    >>> zaremba = Decay(name="decay", constant=4, divisor=2.0)
    >>> [factor(zaremba, epoch, 13) for epoch in (1, 4, 5, 6)]
    [1.0, 1.0, 0.5, 0.25]
    """
    return FACTORS[config.name](config, epoch, epochs)
