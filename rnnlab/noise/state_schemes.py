"""The schemes that act on the candidate or on the carried states."""

from rnnlab.noise.scheme import scheme
from rnnlab.noise.sites import Noise


@scheme(
    "rnndrop",
    "recurrent_dropout",
    equation="c_t = m * (f_t * c_{t-1} + i_t * g_t)",
    paper="Moon et al. 2015, ASRU",
    settings="speech: between 0.1 and 0.5",
    example={"rate": 0.3},
    source="from memory; the code of two reimplementations was read",
)
def rnndrop(argument: str, rate: float) -> tuple[Noise, ...]:
    """One mask for all steps of a sequence multiplies the cell state.

    It is not scaled inside the loop, where it would explode.
    """
    return (Noise(site="cell", rate=rate, lifetime="sequence"),)


@scheme(
    "semeniuta",
    "recurrent_dropout",
    equation="LSTM: c_t = f_t * c_{t-1} + i_t * (m_t * g_t); GRU: h_t = z_t * h_{t-1} + (1 - z_t) * (m_t * g_t)",
    paper="Semeniuta et al. 2016, arXiv 1603.05118",
    settings="0.25 and 0.5, per step",
    example={"rate": 0.25},
    source="read in code of others (lamb, TensorFlow's contrib); the paper second-hand",
)
def semeniuta(argument: str, rate: float, lifetime: str = "step") -> tuple[Noise, ...]:
    """A mask multiplies the candidate, anew at every step (the paper's advice) or one for the sequence.

    What is carried is never dropped, so nothing that was remembered is lost.
    """
    return (Noise(site="candidate", rate=rate, lifetime=lifetime),)


@scheme(
    "zoneout",
    "recurrent_dropout",
    equation="c_t = d^c * c_{t-1} + (1 - d^c) * c~_t; h_t = d^h * h_{t-1} + (1 - d^h) * o_t * tanh(c~_t)",
    paper="Krueger et al. 2017, arXiv 1606.01305",
    settings="character PTB: cell 0.5, hidden 0.05; text8: 0.5, 0.05 in the paper, 0.2, 0.2 in the code",
    example={"cell": 0.5, "hidden": 0.05},
    source="read in the authors' code",
)
def zoneout(argument: str, cell: float = 0.0, hidden: float = 0.0) -> tuple[Noise, ...]:
    """At every step each unit of the cell and of the hidden state keeps its old value, each kind with its own probability.

    Nothing is set to zero, so gradients pass unchanged where a value is kept.
    """
    holds = {"hold_cell": cell, "hold_hidden": hidden}
    return tuple(Noise(site=site, rate=rate, lifetime="step") for site, rate in holds.items() if rate != 0)


@scheme(
    "zoneout_shared",
    "recurrent_dropout",
    equation="c_t = d * c_{t-1} + (1 - d) * c~_t; h_t = d * h_{t-1} + (1 - d) * o_t * tanh(c~_t), one d for both",
    paper="Krueger et al. 2017, arXiv 1606.01305",
    settings="permuted MNIST: 0.15",
    example={"rate": 0.15},
    source="read in the authors' code (zoneout_pmnist.py hands the mask of the states to the cell too)",
)
def zoneout_shared(argument: str, rate: float) -> tuple[Noise, ...]:
    """Zoneout by one mask: a unit keeps its cell state and its hidden state together.

    The expectation in evaluation is that of zoneout with two equal rates.
    """
    return _together(rate)


@scheme(
    "zoneout_reused_output",
    "recurrent_dropout",
    equation="c_t = d * c_{t-1} + (1 - d) * c~_t; h_t = ((1 - d) * o_t + d * o_{t-1}) * tanh(c_t)",
    paper="Krueger et al. 2017, arXiv 1606.01305",
    settings="not found",
    example={"rate": 0.15},
    source="second-hand: the equation of the paper; not in the authors' code",
)
def zoneout_reused_output(argument: str, rate: float) -> tuple[Noise, ...]:
    """A unit that keeps its cell state keeps its output gate too, by the same mask, and shows the kept cell through it.

    The first step of a call has no gate before it and takes its own.
    """
    return (
        Noise(site="hold_cell", rate=rate, lifetime="step"),
        Noise(site="hold_output", rate=rate, lifetime="step", like="hold_cell"),
    )


@scheme(
    "stochastic_depth",
    "recurrent_dropout",
    equation="(c_t, h_t) = d (c_{t-1}, h_{t-1}) + (1 - d) (c~_t, h~_t), one d for all units",
    paper="Krueger et al. 2017, arXiv 1606.01305, after Huang et al. 2016, arXiv 1603.09382",
    settings="not found; character PTB reaches 1.432 / 1.343 bits",
    example={"rate": 0.05},
    source="second-hand: the paper's description; not in the authors' code",
)
def stochastic_depth(argument: str, rate: float, cell: bool = True) -> tuple[Noise, ...]:
    """Zoneout of a whole example: one decision a step keeps or renews all units of all states.

    A skipped step is an identity in time, as a skipped layer is in depth; `cell: false` is for a GRU, which has no cell state.
    """
    if not cell:
        return (Noise(site="hold_hidden", rate=rate, lifetime="step", sharing="units"),)
    return _together(rate, sharing="units")


@scheme(
    "state_reset",
    "recurrent_dropout",
    equation="(h_0, c_0) = r (h_T, c_T) of the batch before, r = 0 with probability rate for all units of an example",
    paper="Melis et al. 2018, arXiv 1707.05589, and their code (drop_state_probability)",
    settings="0.01",
    example={"rate": 0.01},
    source="read in the authors' code; there one decision serves all layers, here each layer draws its own",
)
def state_reset(argument: str, rate: float) -> tuple[Noise, ...]:
    """Where state is carried from batch to batch, an example now and then begins with zeros instead.

    The model so learns to work from the state that evaluation begins with.
    """
    return (Noise(site="carried", rate=rate),)


@scheme(
    "h_detach",
    "recurrent_dropout",
    equation="a_t = x_t W + s(h_{t-1}) U + b, where s stops the gradient with probability rate; c_{t-1} keeps its gradient",
    paper="Arpit et al. 2018, arXiv 1810.03023",
    settings="copy 0.5; sequential and permuted MNIST 0.25",
    example={"rate": 0.25},
    source="read in the authors' code",
)
def h_detach(argument: str, rate: float) -> tuple[Noise, ...]:
    """At every step one coin for the whole batch decides whether the gradient may pass through h_{t-1}.

    The values of the forward pass are untouched, and so is the gradient through the cell state.
    """
    return (Noise(site="detach", rate=rate),)


def _together(rate: float, sharing: str = "") -> tuple[Noise, ...]:
    """Cell and hidden state held by one mask."""
    return (
        Noise(site="hold_cell", rate=rate, lifetime="step", sharing=sharing),
        Noise(site="hold_hidden", rate=rate, lifetime="step", sharing=sharing, like="hold_cell"),
    )
