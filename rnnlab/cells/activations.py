"""Whether an activation computes with nothing but its argument."""

from collections.abc import Callable
from typing import NoReturn

import keras
from keras import ops

from rnnlab.cells.steps import Tensor


class _ReadError(Exception):
    """A variable of Keras was read."""


class _Reads(keras.StatelessScope):
    """Raises _ReadError at the first variable of Keras that is read; on JAX it may have no value while a model is fitted."""

    def get_current_value(self, variable: keras.Variable) -> NoReturn:
        """Stop."""
        raise _ReadError


def reads_variables(activation: Callable[[Tensor], Tensor], units: int) -> bool:
    """Whether an activation reads variables, which a fast scan would take for constants.

    The activation is called on ones (1, units) to find out.

    >>> slope = keras.Variable(0.5)
    >>> reads_variables(keras.activations.tanh, 3), reads_variables(lambda a: ops.tanh(slope * a), 3)
    (False, True)
    """
    if isinstance(activation, keras.layers.Layer):
        return True
    if getattr(activation, "__module__", "").startswith("keras."):
        return False
    try:
        return _watches(lambda: activation(ops.ones((1, units))))
    except _ReadError:
        return True
    except Exception:  # the layer meets the same error, and raises it
        return False


def _watches(call: Callable[[], object]) -> bool:
    """Whether a call reads variables of TensorFlow's own; raises _ReadError where it reads one of Keras."""
    if keras.backend.backend() != "tensorflow":
        with _Reads():
            call()
        return False
    import tensorflow as tf

    with tf.GradientTape() as tape, _Reads():
        call()
    return bool(tape.watched_variables())
