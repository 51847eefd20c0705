"""User callbacks by name: they observe or change a run during training, and their state is part of the run's state."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated

from rnnlab.choice import DeclaredPart, DeclaredParts, Part
from rnnlab.section import Section

if TYPE_CHECKING:
    import keras

STATE = ("save_state", "load_state")
"""The methods of a callback that has a state."""


class CallbackConfig(Section):
    """A callback from a plug-in; each callback adds its options."""

    name: str
    """The name of the callback."""


CALLBACKS = DeclaredParts("callback", CallbackConfig, DeclaredPart)
"""The callbacks that plug-ins register, by their names in `training.callbacks`."""


def callback(name: str, *, options: type[Section] = Section) -> Callable[[Part], Part]:
    """Register a subclass of `keras.callbacks.Callback` by name; its constructor takes the `options` by their names.

    A callback with a state has `save_state`, which returns a dict of arrays and
    plain values, and `load_state`, which restores it after `on_train_begin`, so that a killed run continues to the same
    bits. The callback sees the logs of an epoch before they are written, and what it adds to them is written too.
    Raises ValueError for a name that is taken, and where one of the two methods is missing.
    """

    def register(part: Part) -> Part:
        has = [method for method in STATE if hasattr(part, method)]
        if len(has) == 1:
            raise ValueError(f"the callback {name} has {has[0]} alone: give it {' and '.join(STATE)}, or neither")
        return CALLBACKS.register(name, options)(part)

    return register


AnyCallback = Annotated[CallbackConfig, CALLBACKS.choice]
"""The section of any registered callback."""


def made(configs: Iterable[CallbackConfig]) -> "list[keras.callbacks.Callback]":
    """Return the callbacks of a config, each with its state under its own name."""
    return [named(f"callback {config.name}", CALLBACKS.made(config)) for config in configs]


def named(name: str, callback: "keras.callbacks.Callback") -> "keras.callbacks.Callback":
    """Return a callback whose state, where it has one, is kept under its own name or this one."""
    if hasattr(callback, STATE[0]) and not hasattr(callback, "state_name"):
        callback.state_name = name
    return callback
