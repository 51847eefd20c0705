"""The minimal gated unit as a plug-in: a step function without gradient code."""

from keras import ops

import rnnlab
from rnnlab.cells.steps import masked_product


@rnnlab.register.cell("mgu", states=("hidden",), gates=("forget", "candidate"), products={"forget": 1, "candidate": 1})
def mgu(x, states, noise, p, matmul, tanh, sigmoid, see):
    """h_t = (1 - f) * h_{t-1} + f * g (Zhou et al. 2016)."""
    (h,) = states
    x_f, x_g = ops.split(x, 2, axis=-1)
    f = see("forget", sigmoid(x_f + masked_product(matmul, "forget", h, noise.get("recurrent"))))
    g = see("candidate", tanh(x_g + matmul("candidate", f * h)))
    h = (1 - f) * h + f * g
    return h, (h,)
