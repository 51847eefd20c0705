"""Whether an activation computes with nothing but its argument."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from rnnlab.cells.steps import Tensor


class _Reads(keras.StatelessScope):
    """Notes which variables of Keras are read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[keras.Variable] = []

    def get_current_value(self, variable: keras.Variable) -> Any:
        """The value, as any other scope has it."""
        self.read.append(variable)
        return super().get_current_value(variable)


def reads_variables(activation: Callable[[Tensor], Tensor], units: int) -> bool:
    """Whether an activation reads variables, which a fast scan would take for constants: it is tried on ones (1, units).

    >>> slope = keras.Variable(0.5)
    >>> reads_variables(keras.activations.tanh, 3), reads_variables(lambda a: ops.tanh(slope * a), 3)
    (False, True)
    """
    if isinstance(activation, keras.layers.Layer):
        return True
    if getattr(activation, "__module__", "").startswith("keras."):
        return False
    try:
        return bool(_read(lambda: activation(ops.ones((1, units)))))
    except Exception:  # the layer meets the same error, and tells it
        return False


def _read(call: Callable[[], Any]) -> list[Any]:
    if keras.backend.backend() != "tensorflow":
        with _Reads() as scope:
            call()
        return scope.read
    import tensorflow as tf

    with tf.GradientTape() as tape, _Reads() as scope:
        call()
    return [*scope.read, *tape.watched_variables()]
