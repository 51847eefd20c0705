"""The simple recurrent network of Elman, with tanh or with rectified units."""

from rnnlab.backend import ops
from rnnlab.cells.kinds import cell
from rnnlab.cells.steps import Activation, Params, Product, See, SiteMasks, States, Tensor, held, masked_product, unseen
from rnnlab.section import Section


class SimpleOptions(Section):
    """The options of a simple recurrent network."""

    relu: bool = False
    """Rectified units, max(0, a), instead of tanh."""
    identity_start: bool = False
    """Initialise the recurrent kernel as the identity; with rectified units, an IRNN (Le et al. 2015)."""


def start(options: SimpleOptions) -> str | None:
    """The initializer of the recurrent kernel, where the option sets one."""
    return "identity" if options.identity_start else None


@cell(
    "simple_rnn",
    states=("hidden",),
    gates=("candidate",),
    options=SimpleOptions,
    start=start,
    sites=("hold_hidden",),
    keras="SimpleRNN",
)
def simple_rnn(
    x: Tensor,
    states: States,
    noise: SiteMasks,
    p: Params,
    matmul: Product,
    tanh: Activation,
    sigmoid: Activation,
    see: See = unseen,
    relu: bool = False,
) -> tuple[Tensor, States]:
    """Simple recurrent network (Elman 1990); rectified and begun as the identity, an IRNN (Le et al. 2015, arXiv 1504.00941).

    h_t = tanh(x_t W + b + h_{t-1} U)
    """
    (h,) = states
    a = x + masked_product(matmul, "recurrent", h, noise.get("recurrent"))
    h_new = held(see("candidate", ops.relu(a) if relu else tanh(a)), h, noise, "hold_hidden")
    return h_new, (h_new,)
