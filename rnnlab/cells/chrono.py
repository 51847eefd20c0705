"""Chrono initialisation: biases that let a gate remember for as long as the dependencies of a task last."""

from collections.abc import Callable
from typing import Any

from rnnlab.backend import ops


def chrono(longest: int, sign: float = 1.0) -> Callable[..., Any]:
    """The start of a bias: sign * log u for u uniform in [1, longest - 1], in steps (Tallec & Ollivier 2018, arXiv 1804.11188).

    Equal seeds give equal u. Of a bias with two rows, the recurrent product's is zero.
    """

    def start(shape: tuple[int, ...], dtype: Any, seed: int) -> Any:
        import keras

        bias = sign * ops.log(keras.random.uniform(shape[-1:], 1.0, longest - 1.0, dtype=dtype, seed=seed))
        return bias if len(shape) == 1 else ops.stack([bias, ops.zeros_like(bias)])

    return start
