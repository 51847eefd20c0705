"""Padding inside the recurrence: a masked step keeps its states and its output."""

from typing import Any

from keras import ops

from rnnlab.cells.steps import Noise, Params, Product, States, Tensor


def masked(step: Any, zero_output: bool) -> Any:
    """A step that obeys `noise["mask"]`, (batch, 1), and carries its last output behind the states.

    Where the mask is false the states stay and the last output is repeated, or zero is put out.
    """

    def masked_step(
        x: Tensor, states: States, noise: Noise, params: Params, matmul: Product, **also: Any
    ) -> tuple[Tensor, States]:
        *old, last = states
        output, new = step(x, tuple(old), noise, params, matmul, **also)
        real = ops.cast(noise["mask"], "bool")
        output = ops.where(real, output, ops.zeros_like(last) if zero_output else last)
        return output, (*(ops.where(real, n, o) for n, o in zip(new, old, strict=True)), output)

    return masked_step


def last_output(states: States, size: int | None) -> Tensor:
    """The output before the first step: zeros, as wide as the first state or of the `size` of an output that is no state."""
    first = states[0]
    return ops.zeros_like(first if size in (None, first.shape[-1]) else ops.repeat(first[:, :1], size, axis=-1))
