"""The noise values of a dropout setting, which is a rate, a scheme by name, coordinates or a list of these."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from inspect import signature
from numbers import Real
from typing import Any, TypeVar

from rnnlab.documents import Plain, Record
from rnnlab.names import check_settings, nearest
from rnnlab.noise import product_schemes, state_schemes, weight_schemes
from rnnlab.noise.fitting import check_sites
from rnnlab.noise.own_distributions import name_of
from rnnlab.noise.scheme import SCHEMES
from rnnlab.noise.sites import Noise

Made = TypeVar("Made")

DECLARED = (product_schemes, state_schemes, weight_schemes)
"""The modules that declare the schemes, in the order of the table."""


@dataclass(frozen=True, eq=False)
class DropoutSetting:
    """A setting of a noise argument, read once: the noise that it means, and how it was spelt.

    Two settings are equal if they mean the same noise, however they are spelt.

    >>> DropoutSetting.of(0.3, "dropout") == DropoutSetting.of({"scheme": "variational", "rate": 0.3, "tied": True}, "dropout")
    True
    """

    noise: tuple[Noise, ...]
    spelling: Plain
    """The setting in numbers, strings, lists and mappings alone."""

    @classmethod
    def of(cls, setting: "Setting", argument: str) -> "DropoutSetting":
        """Return what a setting of `argument` stands for; raise ValueError naming what is wrong."""
        return setting if isinstance(setting, cls) else cls(noises(setting, argument), plain(setting))

    @property
    def canonical(self) -> tuple[Record, ...]:
        """The coordinates of the noise in the order of the sites, the same for all spellings."""
        return tuple(sorted((noise.coordinates() for noise in self.noise), key=lambda noise: str(noise["site"])))

    def schemes(self) -> Iterator[str]:
        """The names of the schemes in the spelling."""
        parts = self.spelling if isinstance(self.spelling, list) else [self.spelling]
        return (str(part["scheme"]) for part in parts if isinstance(part, Mapping) and "scheme" in part)

    def __bool__(self) -> bool:
        return bool(self.noise)

    def __eq__(self, other: object) -> bool:
        return self.canonical == other.canonical if isinstance(other, DropoutSetting) else NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset((noise.site, noise.rate) for noise in self.noise))


Setting = float | Noise | DropoutSetting | Mapping[str, Any] | list[Any] | tuple[Any, ...]
"""The values of `dropout=` and `recurrent_dropout=`: a rate, a noise value, a scheme or coordinates by name, or several."""


def noises(setting: Setting, argument: str) -> tuple[Noise, ...]:
    """Return the noise values that a setting of `argument` stands for.

    A number is the variational mask, gates tied (for an embedding: word dropout). A mapping names a scheme with its settings
    or gives coordinates; a list combines. A `schedule` in a mapping applies to all its rates. A rate of zero means no noise.
    Raises ValueError naming what is wrong.

    >>> [noise.site for noise in noises({"scheme": "zoneout", "cell": 0.5, "hidden": 0.05}, "recurrent_dropout")]
    ['hold_cell', 'hold_hidden']
    """
    if isinstance(setting, DropoutSetting):
        return setting.noise
    return tuple(noise for noise in check_sites(_values(setting, argument), argument) if noise.rate > 0)


def plain(setting: Setting | Plain) -> Any:
    """The same setting in numbers, strings, lists and mappings alone, as a config keeps it."""
    match setting:
        case DropoutSetting():
            return plain(setting.spelling)
        case Noise():
            return plain(setting.coordinates())
        case list() | tuple():
            return [plain(part) for part in setting]
        case Mapping():
            return {key: plain(value) for key, value in setting.items()}
        case Real() if hasattr(setting, "item"):  # NumPy's numbers
            return setting.item()
        case _ if callable(setting):
            return name_of(setting)
    return setting


def _values(setting: Setting, argument: str) -> tuple[Noise, ...]:
    match setting:
        case Noise():
            return (setting,)
        case Mapping():
            return _from_mapping(dict(setting), argument)
        case list() | tuple():
            return tuple(noise for part in setting for noise in _values(part, argument))
        case Real() if not isinstance(setting, bool):
            scheme = "word" if argument == "embedding" else "variational"
            return SCHEMES[scheme].build(argument, rate=setting)
    raise ValueError(f"{argument} takes a rate, {{scheme: ...}} or {{site: ...}}, or a list of these; got {setting!r}")


def _from_mapping(mapping: Record, argument: str) -> tuple[Noise, ...]:
    if "scheme" in mapping:
        schedule = mapping.pop("schedule", None)
        made = _from_scheme(mapping.pop("scheme"), mapping, argument)
        return tuple(replace(noise, schedule=schedule) for noise in made) if schedule is not None else made
    if "site" in mapping:
        return (_called(Noise, "a noise with a site", mapping),)
    raise ValueError(
        f"{argument} needs a scheme or a site; got the keys {', '.join(map(str, mapping)) or 'of an empty mapping'}"
    )


def _from_scheme(name: object, settings: Record, argument: str) -> tuple[Noise, ...]:
    fitting = [key for key, scheme in SCHEMES.items() if argument in scheme.arguments]
    if name not in fitting:
        what = "is unknown" if name not in list(SCHEMES) else f"does not act through {argument}"
        raise ValueError(f"scheme {name!r} {what}; {argument} takes {', '.join(fitting)}{nearest(name, fitting)}")
    made = _called(SCHEMES[str(name)].build, f"scheme {name!r}", settings, argument)
    return (made,) if isinstance(made, Noise) else tuple(made)


def _called(build: Callable[..., Made], what: str, settings: Record, *args: str) -> Made:
    """Call `build`; a missing or unknown setting is an error in the user's words."""
    check_settings(what, list(signature(build).parameters.values())[len(args) :], settings)
    return build(*args, **settings)
