"""Callbacks of a user by name: they watch or change a run while it is trained, and their state belongs to the run's."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any

from rnnlab.choice import DeclaredPart, DeclaredParts
from rnnlab.section import Section

STATE = ("save_state", "load_state")
"""The methods of a callback that has a state."""


class CallbackConfig(Section):
    """A callback of a plug-in; each adds its options."""

    name: str
    """The name of the callback."""


CALLBACKS = DeclaredParts("callback", CallbackConfig, DeclaredPart)
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
        return CALLBACKS.register(name, options)(part)

    return register


AnyCallback = Annotated[CallbackConfig, CALLBACKS.choice]
"""The section of any registered callback."""


def made(configs: Iterable[CallbackConfig]) -> list[Any]:
    """Return the callbacks of a config, each with its state under its own name."""
    return [named(f"callback {config.name}", CALLBACKS.made(config)) for config in configs]


def named(name: str, callback: Any) -> Any:
    """Return a callback whose state, where it has one, is kept under its own name or this one."""
    if hasattr(callback, STATE[0]) and not hasattr(callback, "state_name"):
        callback.state_name = name
    return callback
