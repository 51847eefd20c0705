"""Quantiles in rising order inside a model that leaves, by operations that every converter knows."""

import keras
from keras import ops


def rising(model: keras.Model, count: int) -> keras.Model:
    """Return a model whose `count` quantiles of every number, side by side, rise; the heads give them in any order.

    >>> import numpy as np
    >>> inputs = keras.Input((6,))
    >>> rising(keras.Model(inputs, inputs), 3)(np.array([[3.0, 1.0, 2.0, 4.0, 6.0, 5.0]])).numpy().tolist()
    [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]
    """
    if count < 2:
        return model
    numbers = range(model.output.shape[-1] // count)
    parts = [ops.take(model.output, [count * n + place for n in numbers], axis=-1) for place in range(count)]
    for turn in range(count):  # neighbours change places, by turns the even and the odd pairs
        for place in range(turn % 2, count - 1, 2):
            pair = parts[place : place + 2]
            parts[place : place + 2] = ops.minimum(*pair), ops.maximum(*pair)
    order = [len(numbers) * place + n for n in numbers for place in range(count)]
    return keras.Model(model.input, ops.take(ops.concatenate(parts, axis=-1), order, axis=-1))
