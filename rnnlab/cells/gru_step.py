"""The GRU, with the reset gate after or before the recurrent product."""

from collections.abc import Mapping

from pydantic import Field

from rnnlab.backend import ops
from rnnlab.cells.chrono import chrono
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
from rnnlab.section import Section


class GruOptions(Section):
    """The options of a GRU."""

    reset_after: bool = True
    """The reset gate acts after the recurrent product, as in cuDNN; the product then has its own bias."""
    chrono: int | None = Field(None, ge=3)
    """Chrono initialisation: the longest dependency in steps; the bias of the update gate starts at log u for u uniform in [1,
    chrono - 1] (Tallec & Ollivier 2018)."""


def products(options: GruOptions) -> dict[str, int]:
    """One product for all gates, or one for the gates and one for the candidate."""
    return {"recurrent": 3} if options.reset_after else {"gates": 2, "candidate": 1}


def retained(gates: Mapping[str, Tensor], noise: SiteMasks) -> Tensor:
    """The factor of h_{t-1} in h_t: the update gate with the noise on what is carried."""
    return held(gates["update"], 1.0, noise, "hold_hidden")


@cell(
    "gru",
    states=("hidden",),
    gates=("update", "reset", "candidate"),
    options=GruOptions,
    products=products,
    recurrent_bias=lambda options: options.reset_after,
    bias=lambda options: {"update": chrono(options.chrono)} if options.chrono else {},
    sites=("candidate", "hold_hidden"),
    retained=retained,
    cudnn=lambda options: "gru" if options.reset_after else None,
    keras="GRU",
    keras_options=("reset_after",),
    layer="rnnlab.layers:GRU",
)
def gru(
    x: Tensor,
    states: States,
    noise: SiteMasks,
    p: Params,
    matmul: Product,
    tanh: Activation,
    sigmoid: Activation,
    see: See = unseen,
    reset_after: bool = True,
) -> tuple[Tensor, States]:
    """Gated recurrent unit: the equation is `reset_after_product`, or `reset_before_product`."""
    step = reset_after_product if reset_after else reset_before_product
    return step(x, states, noise, p, matmul, tanh, sigmoid, see)


def reset_after_product(
    x: Tensor,
    states: States,
    noise: SiteMasks,
    p: Params,
    matmul: Product,
    tanh: Activation,
    sigmoid: Activation,
    see: See = unseen,
) -> tuple[Tensor, States]:
    """Gated recurrent unit, reset after the product (cuDNN's and Keras's default), gates in the order z, r, g.

    g = tanh(x W_g + b_g + r * (h_{t-1} U_g + b_u)),  h_t = z * h_{t-1} + (1 - z) * g
    """
    (h,) = states
    u = masked_product(matmul, "recurrent", h, noise.get("recurrent"))
    (x_z, x_r, x_g), (u_z, u_r, u_g) = ops.split(x, 3, axis=-1), ops.split(u, 3, axis=-1)
    z, r = see("update", sigmoid(x_z + u_z)), see("reset", sigmoid(x_r + u_r))
    return interpolated(h, z, see("candidate", tanh(x_g + r * u_g)), noise)


def reset_before_product(
    x: Tensor,
    states: States,
    noise: SiteMasks,
    p: Params,
    matmul: Product,
    tanh: Activation,
    sigmoid: Activation,
    see: See = unseen,
) -> tuple[Tensor, States]:
    """Gated recurrent unit of the textbooks (Cho et al. 2014), reset before the product, gates in the order z, r, g.

    g = tanh(x W_g + (r * h_{t-1}) U_g),  h_t = z * h_{t-1} + (1 - z) * g
    """
    (h,) = states
    units = h.shape[-1]
    mask = noise.get("recurrent")
    gates, candidate = (mask[:2], mask[2]) if isinstance(mask, tuple) else (mask, mask)
    x_z, x_r, x_g = ops.split(x, 3, axis=-1)
    u = masked_product(matmul, "gates", h, gates)
    z, r = see("update", sigmoid(x_z + u[:, :units])), see("reset", sigmoid(x_r + u[:, units:]))
    reset = r * (h if candidate is None else h * candidate)
    return interpolated(h, z, see("candidate", tanh(x_g + matmul("candidate", reset))), noise)


def interpolated(h: Tensor, z: Tensor, g: Tensor, noise: SiteMasks) -> tuple[Tensor, States]:
    """The GRU's new state between the old one and the candidate, z * h + (1 - z) * g."""
    h_new = z * h + (1 - z) * dropped(g, noise, "candidate")
    h_new = held(h_new, h, noise, "hold_hidden")
    return h_new, (h_new,)
