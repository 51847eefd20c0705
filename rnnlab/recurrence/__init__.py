"""A step repeated over time: one signature, three implementations.

    outputs, states = scan(step, inputs, states, kernels, biases, params, fixed, varying, mask, zero_output, output_size)

step: see rnnlab.cells.steps; inputs (steps, batch, width), the projected inputs; states, a tuple of (batch, units); kernels,
the recurrent kernels by name, (units, width), each used once a step; biases, (width,), by the name of the product to which
they are added; params, small tensors by name; fixed, the noise that one sequence shares, by site; varying, noise of its own
for every step, with a leading time axis; mask (steps, batch), false where a step keeps its states and repeats the last
output, or puts out zeros with `zero_output`. Outputs are (steps, batch, units), or (steps, batch, output_size) where an
output is no state. Gradients reach inputs, states, kernels, biases and params, never the noise.
"""

from collections.abc import Callable

import keras

from rnnlab.cells.steps import States, Tensor

ScanFunction = Callable[..., tuple[Tensor, States]]


def fast() -> ScanFunction | None:
    """The fast scan of the backend in use, or None where only the loop runs."""
    match keras.backend.backend():
        case "tensorflow":
            from rnnlab.recurrence import tf_dispatch

            return tf_dispatch.scan
        case "jax":
            from rnnlab.recurrence import jax_scan

            return jax_scan.scan
    return None
