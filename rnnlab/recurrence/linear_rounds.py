"""A linear recurrence in rounds, each with half as many steps as the one before."""

from keras import ops

from rnnlab.cells.steps import Tensor


def rounds(a: Tensor, b: Tensor, h: Tensor) -> Tensor:
    """Return all h_t = a_t * h_{t-1} + b_t for a known number of steps, from h (batch, units) on.

    Two steps in a row are one step of the same form, so half as many are solved, and the others follow from them.
    """
    steps = a.shape[0]
    first = a[:1] * h + b[:1]
    if steps == 1:
        return first
    paired = steps // 2 * 2
    at, on = slice(0, paired, 2), slice(1, paired, 2)
    second = rounds(a[on] * a[at], a[on] * b[at] + b[on], h)  # the states after steps 2, 4, ...
    between = steps - paired // 2 - 1  # steps 3, 5, ... follow from those before them
    others = ops.concatenate([first, a[2::2] * second[:between] + b[2::2]], axis=0)
    joined = ops.reshape(ops.stack([others[: paired // 2], second], axis=1), (paired, *ops.shape(b)[1:]))
    return joined if paired == steps else ops.concatenate([joined, others[-1:]], axis=0)
