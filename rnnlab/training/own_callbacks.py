"""Callbacks of a user by name: they watch or change a run while it is trained, and their state belongs to the run's."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from rnnlab.choice import Choice, chosen
from rnnlab.registry import Registry, file_of
from rnnlab.section import Section

STATE = ("save_state", "load_state")
"""The methods of a callback that has a state."""


class CallbackConfig(Section):
    """A callback of a plug-in; each adds its options."""

    name: str
    """The name of the callback."""


@dataclass(frozen=True, eq=False)
class CallbackKind:
    """A callback: its class and the section of its options."""

    name: str
    part: Any
    options: type[Section]

    @cached_property
    def section(self) -> type[Any]:
        """The section of a config that declares it."""
        return chosen(self.name, "callback", self.options, CallbackConfig, self.part.__doc__)


CALLBACKS: Registry[CallbackKind] = Registry("callback")
"""The callbacks that plug-ins register, by their names in `training.callbacks`."""


def callback(name: str, *, options: type[Section] = Section) -> Callable[[Any], Any]:
    """Register a subclass of `keras.callbacks.Callback` by name; its constructor takes the `options` by their names.

    One that remembers anything from batch to batch or epoch to epoch has `save_state`, which returns a dict of arrays and
    plain values, and `load_state`, which takes it back, so that a run that was killed goes on to the same bits; Keras calls
    `on_train_begin` before. It sees the logs of an epoch before they are written, and what it adds to them is written too.
    Raises ValueError for a name that is taken, and where one of the two methods is missing.
    """

    def register(part: Any) -> Any:
        has = [method for method in STATE if hasattr(part, method)]
        if len(has) == 1:
            raise ValueError(f"the callback {name} has {has[0]} alone: give it {' and '.join(STATE)}, or neither")
        CALLBACKS.add(name, CallbackKind(name, part, options), file_of(part))
        return part

    return register


AnyCallback = Annotated[CallbackConfig, Choice("name", lambda: {name: kind.section for name, kind in CALLBACKS.items()})]
"""The section of any registered callback."""


def made(configs: Iterable[CallbackConfig]) -> list[Any]:
    """Return the callbacks of a config, each with its state under its own name."""
    return [named(f"callback {config.name}", _made(config)) for config in configs]


def _made(config: CallbackConfig) -> Any:
    kind = CALLBACKS[config.name]
    return kind.part(**{name: getattr(config, name) for name in kind.options.model_fields})


def named(name: str, callback: Any) -> Any:
    """Return a callback whose state, where it has one, is kept under its own name or this one."""
    if hasattr(callback, STATE[0]) and not hasattr(callback, "state_name"):
        callback.state_name = name
    return callback
