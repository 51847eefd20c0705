"""LSTMs with further products in a step: the output projected, input and state modulated by each other."""

from collections.abc import Mapping

from pydantic import Field

from rnnlab.backend import ops
from rnnlab.cells.kinds import cell
from rnnlab.cells.lstm_step import lstm, retained
from rnnlab.cells.steps import Activation, Params, Product, See, SiteMasks, States, Tensor, held, masked_product, unseen
from rnnlab.section import Section

GATES = ("input", "forget", "candidate", "output")


def of_whole(
    a: Tensor, c: Tensor, noise: SiteMasks, p: Params, tanh: Activation, sigmoid: Activation, see: See
) -> tuple[Tensor, Tensor]:
    """The output and the cell state of an LSTM from its complete pre-activations; noise on h is left to the calling step."""
    inside = {site: mask for site, mask in noise.items() if site not in ("recurrent", "hold_hidden")}
    m, (_, c_new) = lstm(a, (ops.zeros_like(c), c), inside, p, lambda name, v: ops.zeros_like(a), tanh, sigmoid, see)
    return m, c_new


class ProjectedOptions(Section):
    """The options of an LSTM with a projection."""

    projection: int | None = Field(None, ge=1)
    """The size of the projected output; null uses half of the units."""


def projected_size(units: int, options: ProjectedOptions) -> int:
    """The number of elements of the projected output."""
    return options.projection or max(1, units // 2)


@cell(
    "projected_lstm",
    states=("hidden", "cell"),
    gates=GATES,
    options=ProjectedOptions,
    sizes=lambda units, options: {"hidden": projected_size(units, options)},
    kernels=lambda units, options: {"projection": (units, projected_size(units, options))},
    bias={"forget": 1.0},
    sites=("candidate", "cell", "hold_cell", "hold_hidden"),
    retained=retained,
)
def projected_lstm(
    x: Tensor,
    states: States,
    noise: SiteMasks,
    p: Params,
    matmul: Product,
    tanh: Activation,
    sigmoid: Activation,
    see: See = unseen,
) -> tuple[Tensor, States]:
    """LSTM with a recurrent projection (Sak et al. 2014, arXiv 1402.1128): the output, which is fed back, is narrower than c.

    c_t = f * c_{t-1} + i * g,  h_t = (o * tanh(c_t)) P
    """
    h, c = states
    a = x + masked_product(matmul, "recurrent", h, noise.get("recurrent"))
    m, c_new = of_whole(a, c, noise, p, tanh, sigmoid, see)
    h_new = held(matmul("projection", m), h, noise, "hold_hidden")
    return h_new, (h_new, c_new)


class MogrifierOptions(Section):
    """The options of a Mogrifier LSTM."""

    rounds: int = Field(5, ge=0, le=20)
    """How often input and state modulate each other in a step, the input first; 0 is an LSTM."""


def modulating(units: int, options: MogrifierOptions) -> Mapping[str, tuple[int, int]]:
    """The kernels of a step's further products: one for every round, and one for the modulated input."""
    rounds = {f"round_{number}": (units, units) for number in range(1, options.rounds + 1)}
    return rounds | {"modulated": (units, 4 * units)}


@cell(
    "mogrifier_lstm",
    states=("hidden", "cell"),
    gates=("entering",),
    options=MogrifierOptions,
    products={"recurrent": 4},
    kernels=modulating,
    vectors=lambda units, options: {f"{gate}_bias": (units, "ones" if gate == "forget" else "zeros") for gate in GATES},
    sites=("candidate", "cell", "hold_cell", "hold_hidden"),
    retained=retained,
)
def mogrifier_lstm(
    x: Tensor,
    states: States,
    noise: SiteMasks,
    p: Params,
    matmul: Product,
    tanh: Activation,
    sigmoid: Activation,
    see: See = unseen,
    rounds: int = 5,
) -> tuple[Tensor, States]:
    """Mogrifier LSTM (Melis et al. 2020, arXiv 1909.01792) of inputs projected to the number of units.

    x = 2 sigmoid(h Q_r) * x in rounds 1, 3, ..., h = 2 sigmoid(x R_r) * h in rounds 2, 4, ...; then the LSTM of both
    """
    h, c = states
    for number in range(1, rounds + 1):
        if number % 2:
            x = 2 * ops.sigmoid(matmul(f"round_{number}", h)) * x
        else:
            h = 2 * ops.sigmoid(matmul(f"round_{number}", x)) * h
    bias = ops.concatenate([p[f"{gate}_bias"] for gate in GATES], axis=-1)
    a = matmul("modulated", x) + bias + masked_product(matmul, "recurrent", h, noise.get("recurrent"))
    h_new, c_new = of_whole(a, c, noise, p, tanh, sigmoid, see)
    h_new = held(h_new, states[0], noise, "hold_hidden")
    return h_new, (h_new, c_new)
