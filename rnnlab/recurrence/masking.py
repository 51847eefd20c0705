"""Padding inside the recurrence: a masked step keeps its states and its output."""

from dataclasses import dataclass

from keras import ops

from rnnlab.cells.kinds import StepFunction
from rnnlab.cells.steps import Params, Product, SiteMasks, States, Tensor


@dataclass(frozen=True)
class Masked:
    """A step that obeys `noise["mask"]`, (batch, 1), and carries its last output behind the states. Where the mask is false
    the states stay, and the output is the last one or zero.
    """

    step: StepFunction
    zero_output: bool

    def __call__(
        self, x: Tensor, states: States, noise: SiteMasks, params: Params, matmul: Product, **also: object
    ) -> tuple[Tensor, States]:
        """The output, and the states after the step."""
        *old, last = states
        output, new = self.step(x, tuple(old), noise, params, matmul, **also)
        real = ops.cast(noise["mask"], "bool")
        output = ops.where(real, output, ops.zeros_like(last) if self.zero_output else last)
        return output, (*(ops.where(real, n, o) for n, o in zip(new, old, strict=True)), output)


def last_output(states: States, size: int | None) -> Tensor:
    """The output before the first step: zeros, as wide as the first state or of the `size` of an output that is no state."""
    first = states[0]
    return ops.zeros_like(first if size in (None, first.shape[-1]) else ops.repeat(first[:, :1], size, axis=-1))
