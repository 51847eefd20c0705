"""The plain loop, one step after the other as Keras runs it: any backend, and the oracle of the fast scans."""

from typing import Any

import keras
from keras import ops

from rnnlab.cells.steps import States, Tensor


def scan(
    step: Any,
    inputs: Tensor,
    states: States,
    kernels: dict[str, Tensor],
    params: dict[str, Tensor],
    fixed: dict[str, Tensor],
    varying: dict[str, Tensor],
    mask: Tensor | None = None,
    zero_output: bool = False,
    unroll: bool = False,
) -> tuple[Tensor, States]:
    """Repeat `step` by `keras.layers.RNN`; arguments and results as in rnnlab.recurrence."""
    widths = [inputs.shape[-1], *(_width(noise) for noise in varying.values())]

    class StepCell:
        def __init__(self) -> None:
            self.state_size = [state.shape[-1] for state in states]
            self.output_size = states[0].shape[-1]

        def call(self, packed: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
            x, *noises = _split(packed, widths)
            noise = fixed | {site: _unpack(flat, like) for (site, like), flat in zip(varying.items(), noises, strict=True)}
            output, new = step(x, tuple(states), noise, params, lambda name, v: ops.matmul(v, kernels[name]))
            return output, list(new)

        __call__ = call

    packed = ops.concatenate([ops.transpose(inputs, (1, 0, 2)), *map(_pack, varying.values())], axis=-1)
    rnn = keras.layers.RNN(StepCell(), return_sequences=True, unroll=unroll, zero_output_for_mask=zero_output, name="loop")
    mask = None if mask is None else ops.transpose(mask)
    _, outputs, final = rnn.inner_loop(packed, list(states), mask)
    return ops.transpose(outputs, (1, 0, 2)), tuple(final)


def _width(noise: Tensor) -> int:
    """Numbers a step and example of noise (steps, batch, units) or (steps, gates, batch, units)."""
    return noise.shape[-1] * (noise.shape[1] if len(noise.shape) == 4 else 1)


def _pack(noise: Tensor) -> Tensor:
    """Noise as (batch, steps, width): Keras's loop takes one tensor, batch first."""
    if len(noise.shape) == 3:
        return ops.transpose(noise, (1, 0, 2))
    steps, gates, batch, units = ops.shape(noise)
    return ops.reshape(ops.transpose(noise, (2, 0, 1, 3)), (batch, steps, gates * units))


def _unpack(flat: Tensor, like: Tensor) -> Tensor:
    """One step of packed noise in the shape that the step expects."""
    if len(like.shape) == 3:
        return flat
    return ops.transpose(ops.reshape(flat, (-1, like.shape[1], like.shape[3])), (1, 0, 2))


def _split(packed: Tensor, widths: list[int]) -> list[Tensor]:
    ends = [sum(widths[: n + 1]) for n in range(len(widths))]
    return [packed[:, end - width : end] for end, width in zip(ends, widths, strict=True)]
