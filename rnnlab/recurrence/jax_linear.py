"""The linear scan on JAX and processors, on which its steps are quickest one after the other."""

import jax

from rnnlab.cells.steps import Tensor


def on_processors() -> bool:
    """Whether there is nothing but processors to run on."""
    return jax.default_backend() == "cpu"


def linear(a: Tensor, b: Tensor, h: Tensor) -> Tensor:
    """All h_t = a_t * h_{t-1} + b_t."""

    def step(h: Tensor, factors: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        h = factors[0] * h + factors[1]
        return h, h

    return jax.lax.scan(step, h, (a, b))[1]
