"""A model's call, with the noise of training or without, compiled once, on any backend."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

import keras
import numpy as np

from rnnlab import compat

Inputs: TypeAlias = np.ndarray | Sequence[np.ndarray] | Mapping[str, np.ndarray]
"""What a model takes: an array, or several."""
Call = Callable[[Inputs], np.ndarray]
"""A model as a function of arrays."""


def noisy_call(model: keras.Model) -> Call:
    """Return `model(x, training=True)` as a compiled function of arrays; draws and carried states move on as without it."""
    return _compiled(model, training=True)


def quiet_call(model: keras.Model) -> Call:
    """Return `model(x, training=False)` likewise."""
    return _compiled(model, training=False)


def _compiled(model: keras.Model, training: bool) -> Call:
    match keras.backend.backend():
        case "tensorflow":
            import tensorflow as tf

            # TensorFlow warns of tracing too often by the code that is traced, and a lambda here is one code for all models
            compiled = tf.function(partial(model, training=training), reduce_retracing=True)
        case "jax":
            compiled = _jax_call(model, training)
        case _:
            compiled = partial(model, training=training)
    return lambda x: keras.ops.convert_to_numpy(compiled(keras.tree.map_structure(keras.ops.convert_to_tensor, x)))


def _jax_call(model: keras.Model, training: bool) -> Callable[[object], object]:
    import jax

    held = [keras.tree.flatten(getattr(layer, "states", None) or []) for layer in compat.every_layer(model)]
    states = [state for of in held for state in of if isinstance(state, keras.Variable)]  # a cell has the names of its states
    fixed = [*model.non_trainable_variables, *states]

    @jax.jit
    def pure(trainable: list, values: list, x: object) -> object:
        mapping = list(zip([*model.trainable_variables, *fixed], [*trainable, *values], strict=True))
        with keras.StatelessScope(state_mapping=mapping) as scope:
            outputs = model(x, training=training)
        return outputs, [scope.get_current_value(variable) for variable in fixed]

    def call(x: object) -> object:
        outputs, moved = pure([v.value for v in model.trainable_variables], [v.value for v in fixed], x)
        for variable, value in zip(fixed, moved, strict=True):
            variable.assign(value)
        return outputs

    return call
