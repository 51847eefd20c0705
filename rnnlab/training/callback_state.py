"""The state of callbacks, saved and loaded with that of the run."""

from collections.abc import Iterable
from typing import ClassVar, Protocol, runtime_checkable

import keras

from rnnlab.documents import Record


@runtime_checkable
class Stateful(Protocol):
    """A callback whose state belongs to that of a run; one without these members has none."""

    state_name: ClassVar[str]
    """The key of its state; no two callbacks of a run have the same."""

    def save_state(self) -> Record:
        """Return arrays and plain values, as `rnnlab.training.array_file` writes them."""

    def load_state(self, state: Record) -> None:
        """Take back what `save_state` returned."""


class Remembering:
    """The state of a callback is some of its attributes, by name."""

    state_name: ClassVar[str]
    remembered: ClassVar[tuple[str, ...]]
    """The attributes."""

    def save_state(self) -> Record:
        """Return them."""
        return {name: getattr(self, name) for name in self.remembered}

    def load_state(self, state: Record) -> None:
        """Set them."""
        for name in self.remembered:
            setattr(self, name, state[name])


class BestEpoch(Remembering, keras.callbacks.EarlyStopping):
    """Keras's early stopping, which keeps the weights of the best epoch too."""

    state_name = "best_epoch"
    remembered = ("wait", "stopped_epoch", "best", "best_epoch", "best_weights")


class LowerOnPlateau(Remembering, keras.callbacks.ReduceLROnPlateau):
    """Keras's lower learning rate after epochs without a better metric."""

    state_name = "plateau"
    remembered = ("wait", "best", "cooldown_counter")


class History(Remembering, keras.callbacks.History):
    """Keras's record of the logs of every epoch."""

    state_name = "history"
    remembered = ("epoch", "history")


def by_name(callbacks: Iterable[keras.callbacks.Callback]) -> dict[str, Stateful]:
    """Return the callbacks that have a state; raise ValueError where two have the same name.

    >>> list(by_name([History(), keras.callbacks.Callback()]))
    ['history']
    """
    stateful = [callback for callback in callbacks if isinstance(callback, Stateful)]
    named = {callback.state_name: callback for callback in stateful}
    if len(named) < len(stateful):
        names = ", ".join(callback.state_name for callback in stateful)
        raise ValueError(f"every callback with a state needs a state_name of its own, got {names}")
    return named
