"""minGRU and minLSTM: gates of the input alone, so that all steps can be computed side by side."""

from collections.abc import Mapping

from rnnlab.backend import ops
from rnnlab.cells.kinds import cell
from rnnlab.cells.steps import Activation, Params, Product, See, SiteMasks, States, Tensor, dropped, held, unseen

SMALL = 1e-30
"""The least sum of two gates, by which both are divided."""


def positive(x: Tensor) -> Tensor:
    """The paper's g: x + 1/2 from 0 up, sigmoid(x) below; continuous and above 0."""
    return ops.where(x >= 0, x + 0.5, ops.sigmoid(x))


def under(keep: Tensor, new: Tensor, noise: SiteMasks) -> tuple[Tensor, Tensor]:
    """The two factors of h_t = keep * h_{t-1} + new under zoneout, d * h_{t-1} + (1 - d) * h_t."""
    if "hold_hidden" not in noise:
        return keep, new
    return held(keep, 1.0, noise, "hold_hidden"), (1 - noise["hold_hidden"]) * new


def gru_factors(
    x: Tensor, noise: SiteMasks, p: Params, tanh: Activation, sigmoid: Activation, see: See = unseen
) -> tuple[Tensor, Tensor]:
    """1 - z and z * g of minGRU, from x (..., 2 * units)."""
    x_z, x_g = ops.split(x, 2, axis=-1)
    z, g = see("update", sigmoid(x_z)), see("candidate", positive(x_g))
    return under(1 - z, z * dropped(g, noise, "candidate"), noise)


def lstm_factors(
    x: Tensor, noise: SiteMasks, p: Params, tanh: Activation, sigmoid: Activation, see: See = unseen
) -> tuple[Tensor, Tensor]:
    """f' and i' * g of minLSTM, from x (..., 3 * units)."""
    x_f, x_i, x_g = ops.split(x, 3, axis=-1)
    f, i = sigmoid(x_f), sigmoid(x_i)
    both = ops.maximum(f + i, SMALL)
    f, i, g = see("forget", f / both), see("input", i / both), see("candidate", positive(x_g))
    return under(f, i * dropped(g, noise, "candidate"), noise)


def _moved(factors: tuple[Tensor, Tensor], states: States) -> tuple[Tensor, States]:
    keep, new = factors
    h = keep * states[0] + new
    return h, (h,)


@cell(
    "min_gru",
    states=("hidden",),
    gates=("update", "candidate"),
    products={},
    factors=gru_factors,
    sites=("candidate", "hold_hidden"),
    retained=lambda gates, noise: held(1 - gates["update"], 1.0, noise, "hold_hidden"),
)
def min_gru(
    x: Tensor,
    states: States,
    noise: SiteMasks,
    p: Params,
    matmul: Product,
    tanh: Activation,
    sigmoid: Activation,
    see: See = unseen,
) -> tuple[Tensor, States]:
    """minGRU (Feng et al. 2024, arXiv 2410.01201); no gate sees h, and no product of h can be dropped.

    h_t = (1 - z_t) * h_{t-1} + z_t * g(x_t W_g),  z_t = sigmoid(x_t W_z)
    """
    return _moved(gru_factors(x, noise, p, tanh, sigmoid, see), states)


def _retained(gates: Mapping[str, Tensor], noise: SiteMasks) -> Tensor:
    """The factor of h_{t-1} in h_t."""
    return held(gates["forget"], 1.0, noise, "hold_hidden")


@cell(
    "min_lstm",
    states=("hidden",),
    gates=("forget", "input", "candidate"),
    products={},
    factors=lstm_factors,
    sites=("candidate", "hold_hidden"),
    retained=_retained,
)
def min_lstm(
    x: Tensor,
    states: States,
    noise: SiteMasks,
    p: Params,
    matmul: Product,
    tanh: Activation,
    sigmoid: Activation,
    see: See = unseen,
) -> tuple[Tensor, States]:
    """minLSTM (Feng et al. 2024, arXiv 2410.01201); no gate sees h, and no product of h can be dropped.

    h_t = f'_t * h_{t-1} + i'_t * g(x_t W_g),  f' = f / (f + i), i' = i / (f + i), both gates sigmoids of x_t alone
    """
    return _moved(lstm_factors(x, noise, p, tanh, sigmoid, see), states)
