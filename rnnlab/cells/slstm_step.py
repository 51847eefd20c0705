"""The sLSTM: an LSTM whose input gate is an exponential, normalised by the sum of its past input gates."""

from collections.abc import Mapping

from rnnlab.backend import ops
from rnnlab.cells.kinds import cell
from rnnlab.cells.steps import (
    Activation,
    Params,
    Product,
    See,
    SiteMasks,
    States,
    Tensor,
    dropped,
    held,
    masked_product,
    unseen,
)


def retained(gates: Mapping[str, Tensor], noise: SiteMasks) -> Tensor:
    """The factor of the old memory c / n in the new one."""
    return gates["forget"]


@cell(
    "slstm",
    states=("hidden", "cell", "normaliser", "stabiliser"),
    gates=("input", "forget", "candidate", "output"),
    sites=("candidate", "hold_hidden"),
    retained=retained,
)
def slstm(
    x: Tensor,
    states: States,
    noise: SiteMasks,
    p: Params,
    matmul: Product,
    tanh: Activation,
    sigmoid: Activation,
    see: See = unseen,
) -> tuple[Tensor, States]:
    """sLSTM of one head (Beck et al. 2024, arXiv 2405.04517), gates in the order i, f, z, o, with the forget gate a sigmoid.

    m_t = max(log sigmoid(f~) + m_{t-1}, i~),  i = exp(i~ - m_t),  f = exp(log sigmoid(f~) + m_{t-1} - m_t)
    c_t = f * c_{t-1} + i * tanh(z~),  n_t = f * n_{t-1} + i,  h_t = o * c_t / n_t

    While nothing is remembered, n = 0, there is no m_{t-1} and m_t = i~. The gates are shown as their shares of c / n.
    """
    h, c, n, m = states
    a = x + masked_product(matmul, "recurrent", h, noise.get("recurrent"))
    a_i, a_f, a_z, a_o = ops.split(a, 4, axis=-1)
    kept = ops.log_sigmoid(a_f) + m
    m_new = ops.where(ops.equal(n, 0), a_i, ops.maximum(kept, a_i))
    i, f = ops.exp(a_i - m_new), ops.where(ops.equal(n, 0), ops.zeros_like(n), ops.exp(ops.minimum(kept - m_new, 0.0)))
    z = dropped(see("candidate", tanh(a_z)), noise, "candidate")
    c_new, n_new = f * c + i * z, f * n + i
    see("input", i / n_new), see("forget", f * n / n_new)
    h_new = held(see("output", sigmoid(a_o)) * c_new / n_new, h, noise, "hold_hidden")
    return h_new, (h_new, c_new, n_new, m_new)
