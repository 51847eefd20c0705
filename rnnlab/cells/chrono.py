"""Chrono initialisation: biases that let a gate remember for as long as the dependencies of a task last."""

from rnnlab.backend import ops
from rnnlab.cells.steps import Start, Tensor


def chrono(longest: int, sign: float = 1.0) -> Start:
    """An initial bias: sign * log u for u uniform in [1, longest - 1], in steps (Tallec & Ollivier 2018, arXiv 1804.11188).

    Equal seeds give equal u. In a bias with two rows, the row of the recurrent product is zero.
    """

    def start(shape: tuple[int, ...], dtype: str, seed: int) -> Tensor:
        import keras

        bias = sign * ops.log(keras.random.uniform(shape[-1:], 1.0, longest - 1.0, dtype=dtype, seed=seed))
        return bias if len(shape) == 1 else ops.stack([bias, ops.zeros_like(bias)])

    return start
