"""The backend's cuDNN kernels, for what they can compute: a plain cell on a GPU with no noise inside the loop and no mask."""

from keras import ops

from rnnlab import compat
from rnnlab.cells.cell import Cell
from rnnlab.cells.steps import States, Tensor

backend = compat.cudnn_kernels()


def fits(cell: Cell) -> bool:
    """Whether cuDNN computes this cell and there is a GPU to do it on."""
    return bool(cell.cudnn) and backend.cudnn_ok(cell.activation, cell.recurrent_activation, False, use_bias=cell.use_bias)


def run(cell: Cell, x: Tensor, states: States, kernel: Tensor) -> tuple[Tensor, States] | None:
    """Outputs (steps, batch, units) and final states for x (steps, batch, features), or None where the backend declines."""
    compute = getattr(backend, cell.cudnn)
    weights = {"kernel": cell.cast(cell.kernel), "recurrent_kernel": kernel, "bias": cell.cast(cell.bias)}
    activations = {"activation": cell.activation, "recurrent_activation": cell.recurrent_activation}
    sequences = ops.transpose(x, (1, 0, 2))
    try:
        _, outputs, final = compute(sequences, *states, None, **weights, **activations, return_sequences=True)
    except NotImplementedError:
        return None
    return ops.transpose(outputs, (1, 0, 2)), tuple(final)
