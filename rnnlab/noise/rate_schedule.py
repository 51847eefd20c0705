"""Schedules of a rate during training: a factor of the full rate, by epoch or by step."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from numbers import Real

from rnnlab.documents import Fields, Plain, Record
from rnnlab.names import nearest


def early(t: float, until: float, falling: bool = False) -> float:
    """The full rate (or one that falls linearly) until a time, then zero (Liu et al. 2023, arXiv 2303.01500)."""
    return (1 - t / until if falling else 1.0) if t < until else 0.0


def late(t: float, after: float) -> float:
    """No noise until a time, then the full rate (Liu et al. 2023, arXiv 2303.01500)."""
    return float(t >= after)


def linear(t: float, until: float, start: float = 0.0, end: float = 1.0) -> float:
    """Linear from one fraction of the full rate to another, then constant."""
    return start + (end - start) * min(1.0, t / until)


def curriculum(t: float, gamma: float) -> float:
    """1 - e^(-gamma t): the probability to keep is (1 - theta) e^(-gamma t) + theta, where theta = 1 - rate.

    Morerio et al. 2017, arXiv 1703.06229, who count steps.
    """
    return 1 - math.exp(-gamma * t)


EQUATIONS: dict[str, Callable[..., float]] = {"early": early, "late": late, "linear": linear, "curriculum": curriculum}
"""The factor at time t, in epochs or steps from 0, by the name of the schedule."""
BY = {"early": "epoch", "late": "epoch", "linear": "epoch", "curriculum": "step"}
"""The unit of a schedule's times, epoch or step, unless its settings say otherwise."""


@dataclass(frozen=True)
class RateSchedule:
    """A schedule by name with its settings; `by` is the unit of its times, epoch or step.

    >>> early = RateSchedule.read({"name": "early", "until": 2})
    >>> early.factor(1, 100), early.factor(2, 200)
    (1.0, 0.0)
    """

    name: str
    by: str
    settings: tuple[tuple[str, Plain], ...]

    @classmethod
    def read(cls, given: object) -> "RateSchedule":
        """Return the schedule of a mapping `{name: ..., ...}`; raise ValueError naming what is wrong."""
        if isinstance(given, cls):
            return given
        if not isinstance(given, Mapping) or given.get("name") not in list(EQUATIONS):
            name = given.get("name") if isinstance(given, Mapping) else given
            known = ", ".join(EQUATIONS)
            raise ValueError(f"a schedule of a rate needs a name: {known}; got {name!r}{nearest(str(name), EQUATIONS)}")
        name, by = given["name"], given.get("by", BY[given["name"]])
        if by not in ("epoch", "step"):
            raise ValueError(f"schedule {name!r} goes by epoch or step, got {by!r}")
        settings = {key: value for key, value in given.items() if key not in ("name", "by")}
        _check(name, settings)
        return cls(name, by, tuple(sorted(settings.items())))

    def factor(self, epoch: int, step: int) -> float:
        """The fraction of the full rate at an epoch and a step, both counted from 0."""
        return EQUATIONS[self.name](float(epoch if self.by == "epoch" else step), **dict(self.settings))

    def plain(self) -> Record:
        """The mapping from which `read` restores the schedule."""
        return {"name": self.name, "by": self.by, **dict(self.settings)}


def _check(name: str, settings: Fields) -> None:
    known = list(signature(EQUATIONS[name]).parameters.values())[1:]
    names = [parameter.name for parameter in known]
    if unknown := [key for key in settings if key not in names]:
        raise ValueError(f"schedule {name!r} has no setting {unknown[0]!r}; it takes by, {', '.join(names)}")
    if missing := [one.name for one in known if one.default is one.empty and one.name not in settings]:
        raise ValueError(f"schedule {name!r} needs {' and '.join(missing)}")
    for key, value in settings.items():
        fits = isinstance(value, bool) if key == "falling" else _number(value) and _in_range(key, value)
        if not fits:
            allowed = {"falling": "true or false", "start": "a number in [0, 1]", "end": "a number in [0, 1]"}
            raise ValueError(f"schedule {name!r}: {key} must be {allowed.get(key, 'a number above 0')}, got {value!r}")


def _number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _in_range(key: str, value: float) -> bool:
    return 0 <= value <= 1 if key in ("start", "end") else value > 0
