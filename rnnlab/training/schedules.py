"""Schedules of the learning rate: functions of the epoch alone, or of the metric reached so far."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from rnnlab.choice import DeclaredPart, DeclaredParts, Part
from rnnlab.documents import Record
from rnnlab.section import Section

if TYPE_CHECKING:
    import keras

Count = Annotated[int, Field(ge=1, le=1_000_000)]
"""A number of epochs."""


class ScheduleConfig(Section):
    """How the learning rate changes from epoch to epoch; a registered schedule adds its options."""

    name: str
    """The name of the schedule."""


@dataclass(frozen=True, eq=False)
class DeclaredSchedule(DeclaredPart):
    """A schedule: a function of its section and of an epoch, or of its section and of the monitored metric."""

    reached: bool = False
    """Whether it depends on the metric reached so far."""

    @property
    def whole(self) -> bool:
        """Whether an epoch's rate depends on how many epochs there are."""
        return not self.reached and len(signature(self.part).parameters) > 2


SCHEDULES = DeclaredParts("schedule", ScheduleConfig, DeclaredSchedule)
"""The schedules by their names in a config."""


def schedule(name: str, *, options: type[Section] = Section, reached: bool = False) -> Callable[[Part], Part]:
    """Register a function as a schedule of the learning rate by name; `options` is the section of its options.

    The function is (config, epoch) -> the fraction of the full rate in an epoch, counted from 1; or (config, epoch, epochs) if
    it depends on the number of epochs, so that longer training starts afresh. If it depends on the metric `reached`, it is
    (config, monitor, mode) -> a Keras callback that sets the rate: `monitor` is a key of the logs, `mode` min or max; its state
    is saved like that of `register.callback`. Raises ValueError for a name that is taken.

    >>> @schedule("halves")
    ... def halves(config, epoch):
    ...     return 0.5 ** (epoch - 1)
    >>> [factor(SCHEDULES["halves"].section(), epoch, 9) for epoch in (1, 2, 3)]
    [1.0, 0.5, 0.25]
    """
    return SCHEDULES.register(name, options, reached=reached)


AnySchedule = Annotated[ScheduleConfig, SCHEDULES.choice]
"""The section of any registered schedule."""


def factor(config: ScheduleConfig, epoch: int, epochs: int) -> float:
    """Return the fraction of the full rate in an epoch, counted from 1.

    >>> zaremba = SCHEDULES["decay"].section(constant=4, divisor=2.0)
    >>> [factor(zaremba, epoch, 13) for epoch in (1, 4, 5, 6)]
    [1.0, 1.0, 0.5, 0.25]
    """
    declared = SCHEDULES[config.name]
    return float(declared.part(config, epoch, epochs) if declared.whole else declared.part(config, epoch))


class Decay(Section):
    """The options of `decay`."""

    constant: Annotated[int, Field(ge=0)]
    """Epochs at the full rate; the next one is the first at a lower rate."""
    divisor: Annotated[float, Field(gt=1)]
    """The number by which the rate is divided in every later epoch."""


@schedule("decay", options=Decay)
def decay(config: Decay, epoch: int) -> float:
    """Constant for some epochs, then divided after every one: 1 / divisor^max(0, epoch - constant) (Zaremba et al. 2014)."""
    return config.divisor ** -max(0, epoch - config.constant)


class Steps(Section):
    """The options of `steps`."""

    after: Annotated[list[Count], Field(min_length=1)]
    """The epochs after which the rate falls, counted from 1."""
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """The number by which the rate is multiplied each time."""


@schedule("steps", options=Steps)
def steps(config: Steps, epoch: int) -> float:
    """Multiplied after every listed epoch: factor^k after k of them."""
    return config.factor ** sum(epoch > end for end in config.after)


class Cosine(Section):
    """The options of `cosine`."""

    final: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """The rate of the last epoch, as a fraction of the full rate."""
    warmup: Annotated[int, Field(ge=0)] = 0
    """Epochs in which the rate first rises to the full rate, in equal steps."""


@schedule("cosine", options=Cosine)
def cosine(config: Cosine, epoch: int, epochs: int) -> float:
    """From the full rate in the first epoch along half a cosine to the final one in the last (Loshchilov & Hutter 2017).

    final + (1 - final) (1 + cos(pi t)) / 2, where t goes from 0 to 1 over the epochs after the warm-up.
    """
    if epoch <= config.warmup:
        return epoch / (config.warmup + 1)
    t = (epoch - config.warmup - 1) / max(1, epochs - config.warmup - 1)
    return config.final + (1 - config.final) * (1 + math.cos(math.pi * t)) / 2


class Plateau(Section):
    """The options of `plateau`."""

    patience: Count = 1
    """Epochs without improvement before the rate falls."""
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """The number by which the rate is multiplied each time."""
    least: Annotated[float, Field(ge=0)] = 0.0
    """The lowest rate."""


@schedule("plateau", options=Plateau, reached=True)
def plateau(config: Plateau, monitor: str, mode: str) -> "keras.callbacks.Callback":
    """Multiplied whenever the monitored metric has not improved for some epochs."""
    from rnnlab.training.callback_state import LowerOnPlateau

    settings: Record = {"patience": config.patience, "factor": config.factor, "min_lr": config.least}
    return LowerOnPlateau(monitor, mode=mode, min_delta=0.0, **settings)
