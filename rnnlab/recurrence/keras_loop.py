"""The plain loop, one step after the other as Keras runs it: any backend, and the oracle of the fast scans."""

import keras
from keras import ops

from rnnlab import compat
from rnnlab.cells.kinds import StepFunction
from rnnlab.cells.steps import States, Tensor, multiplier
from rnnlab.recurrence.masking import Masked, last_output


def scan(
    step: StepFunction,
    inputs: Tensor,
    states: States,
    kernels: dict[str, Tensor],
    biases: dict[str, Tensor],
    params: dict[str, Tensor],
    fixed: dict[str, Tensor],
    varying: dict[str, Tensor],
    mask: Tensor | None = None,
    zero_output: bool = False,
    output_size: int | None = None,
    unroll: bool = False,
) -> tuple[Tensor, States]:
    """Repeat `step` by the loop of `keras.layers.RNN`; arguments and results as in rnnlab.recurrence."""
    if mask is not None:  # Keras's own rule for a masked first step differs from backend to backend
        varying = varying | {"mask": ops.cast(mask, inputs.dtype)[..., None]}
        states = (*states, last_output(states, output_size))
        outputs, final = scan(Masked(step, zero_output), inputs, states, kernels, biases, params, fixed, varying, unroll=unroll)
        return outputs, final[:-1]
    noises = keras.tree.flatten(varying)
    widths = [inputs.shape[-1], *(noise.shape[-1] for noise in noises)]

    def once(packed: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        x, *now = _split(packed, widths)
        noise = fixed | keras.tree.pack_sequence_as(varying, now)
        output, new = step(x, tuple(states), noise, params, multiplier(kernels, biases))
        return output, list(new)

    # Keras's loop takes one tensor, batch first: inputs and noises side by side
    packed = ops.transpose(ops.concatenate([inputs, *noises], axis=-1), (1, 0, 2))
    _, outputs, last = compat.keras_loop()(once, packed, list(states), unroll=unroll, input_length=packed.shape[1])
    return ops.transpose(outputs, (1, 0, 2)), tuple(last)


def _split(packed: Tensor, widths: list[int]) -> list[Tensor]:
    ends = [sum(widths[: n + 1]) for n in range(len(widths))]
    return [packed[:, end - width : end] for end, width in zip(ends, widths, strict=True)]
