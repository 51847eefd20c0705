"""The LSTM: plain, with peepholes, with coupled gates, with layer normalisation, with a capped input gate."""

from collections.abc import Mapping

from pydantic import Field, ValidationInfo, field_validator

from rnnlab.backend import ops
from rnnlab.cells.chrono import chrono
from rnnlab.cells.kinds import cell
from rnnlab.cells.steps import (
    Activation,
    Params,
    Product,
    See,
    SiteMasks,
    Start,
    States,
    Tensor,
    dropped,
    held,
    masked_product,
    normalised,
    peep,
    unseen,
)
from rnnlab.section import Section


class LstmOptions(Section):
    """The options of an LSTM."""

    unit_forget_bias: bool = True
    """Start the bias of the forget gate at 1 (with coupled gates, that of the input gate at -1, which gives the same f)."""
    peephole: bool = False
    """Peephole connections: the gates read the cell state (Gers & Schmidhuber 2000)."""
    coupled: bool = False
    """Coupled gates: the input gate is one minus the forget gate (Greff et al. 2017)."""
    layer_norm: bool = False
    """Layer normalisation of the products and the cell state (Ba et al. 2016)."""
    chrono: int | None = Field(None, ge=3)
    """Chrono initialisation: the longest dependency in steps; the bias of the forget gate starts at log u for u uniform in [1,
    chrono - 1], that of the input gate at its negative (Tallec & Ollivier 2018). It replaces `unit_forget_bias`."""
    cap_input: bool = False
    """Limit the input gate to one minus the forget gate (Melis et al. 2017); coupled gates need no limit."""

    @field_validator("cap_input")
    @classmethod
    def _not_coupled(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("coupled"):
            raise ValueError("coupled gates have i = 1 - f, which is never above the cap; leave one of the two out")
        return value


def gates(options: LstmOptions) -> tuple[str, ...]:
    """The gates in the order of the kernel's columns."""
    return ("input", "candidate", "output") if options.coupled else ("input", "forget", "candidate", "output")


def vectors(units: int, options: LstmOptions) -> dict[str, tuple[int, str]]:
    """Peepholes, gains and offsets, those that the options ask for."""
    small: dict[str, tuple[int, str]] = {}
    if options.peephole:
        small |= {f"peephole_{gate}": (units, "zeros") for gate in ("io" if options.coupled else "ifo")}
    if options.layer_norm:
        width = len(gates(options)) * units
        small |= {"input_gain": (width, "ones"), "recurrent_gain": (width, "ones")}
        small |= {"cell_gain": (units, "ones"), "cell_offset": (units, "zeros")}
    return small


def bias(options: LstmOptions) -> dict[str, float | Start]:
    """The initial biases by gate."""
    if options.chrono:
        start = {"input": chrono(options.chrono, -1.0), "forget": chrono(options.chrono)}
        return {gate: start[gate] for gate in start if gate in gates(options)}
    if not options.unit_forget_bias:
        return {}
    return {"input": -1.0} if options.coupled else {"forget": 1.0}


def retained(gates: Mapping[str, Tensor], noise: SiteMasks) -> Tensor:
    """The factor of c_{t-1} in c_t: the forget gate with the noise on what is carried."""
    return held(dropped(gates["forget"], noise, "cell"), 1.0, noise, "hold_cell")


def cudnn(options: LstmOptions) -> str | None:
    """cuDNN has a kernel for the plain equation only."""
    plain = not (options.peephole or options.coupled or options.layer_norm or options.cap_input)
    return "lstm" if plain else None


@cell(
    "lstm",
    states=("hidden", "cell"),
    gates=gates,
    options=LstmOptions,
    vectors=vectors,
    bias=bias,
    prepare=lambda product, p: normalised(product, p, "input_gain"),
    sites=("candidate", "cell", "hold_cell", "hold_hidden", "hold_output"),
    retained=retained,
    cudnn=cudnn,
    keras="LSTM",
    keras_options=("unit_forget_bias",),
    layer="rnnlab.layers:LSTM",
)
def lstm(
    x: Tensor,
    states: States,
    noise: SiteMasks,
    p: Params,
    matmul: Product,
    tanh: Activation,
    sigmoid: Activation,
    see: See = unseen,
    cap_input: bool = False,
) -> tuple[Tensor, States]:
    """Long short-term memory (Hochreiter & Schmidhuber 1997; Gers et al. 2000), gates in the order i, f, g, o.

    c_t = f * c_{t-1} + i * g,  h_t = o * tanh(c_t)

    Three pre-activations instead of four couple the gates, f = 1 - i (CIFG, Greff et al. 2015). Peepholes p_i, p_f, p_o
    let i and f see c_{t-1} and o see c_t (Gers & Schmidhuber 2000). Gains normalise the recurrent product, and the cell
    state for the output only (Ba et al. 2016). With `cap_input` the input gate is min(i, 1 - f), so c grows no larger
    than the largest candidate (Melis et al. 2017, arXiv 1707.05589).
    """
    h, c = states
    a = x + normalised(masked_product(matmul, "recurrent", h, noise.get("recurrent")), p, "recurrent_gain")
    a_i, *a_f, a_g, a_o = ops.split(a, a.shape[-1] // c.shape[-1], axis=-1)
    i = sigmoid(peep(a_i, c, p, "peephole_i"))
    f = sigmoid(peep(a_f[0], c, p, "peephole_f")) if a_f else 1 - i
    i, f = see("input", ops.minimum(i, 1 - f) if cap_input else i), see("forget", f)
    g = dropped(see("candidate", tanh(a_g)), noise, "candidate")
    c_new = dropped(f * c + i * g, noise, "cell")
    o = see("output", sigmoid(peep(a_o, c_new, p, "peephole_o")))
    c_held = held(c_new, c, noise, "hold_cell")
    shown = c_held if "hold_output" in noise else c_new  # zoneout shows the new cell, unless the gate is kept with it
    h_new = o * tanh(normalised(shown, p, "cell_gain", "cell_offset"))
    h_new = held(h_new, h, noise, "hold_hidden")
    return h_new, (h_new, c_held)
