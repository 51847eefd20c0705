"""The fast scan on TensorFlow: plain, or compiled where that is worth it."""

import tensorflow as tf

from rnnlab import compat
from rnnlab.cells.kinds import StepFunction
from rnnlab.cells.steps import States, Tensor
from rnnlab.graphs import in_graph
from rnnlab.recurrence.masking import Masked, last_output
from rnnlab.recurrence.tf_batch_split import Given
from rnnlab.recurrence.tf_scan import Scan
from rnnlab.recurrence.tf_xla_scan import compiled

COMPILED_FROM = 64
"""The least number of steps of a loop, known while a function is traced, that is compiled by XLA: what
compiling takes is won back by long loops only."""


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
) -> tuple[Tensor, States]:
    """Repeat `step` by `tf.while_loop`; arguments and results as in rnnlab.recurrence.

    A step's products are too small to be worth more than a thread, so a batch is run in parts, side by side.
    """
    if mask is not None:
        varying = varying | {"mask": tf.cast(mask, tf.bool)[..., tf.newaxis]}
        step, states = Masked(step, zero_output), (*states, last_output(states, output_size))
    given = Given(inputs, states, fixed, varying, kernels, biases, params)
    outputs, states = _scan(step, output_size, given)(given)
    return outputs, states if mask is None else states[:-1]


def _scan(step: StepFunction, output_size: int | None, given: Given) -> Scan:
    """The scan for these operands, inputs (steps, batch, width) among them."""
    long = (given.inputs.shape[0] or 0) >= COMPILED_FROM
    if long and in_graph() and not compat.checks_numerics():
        return compiled(step, output_size, given)
    return Scan(step, output_size)
