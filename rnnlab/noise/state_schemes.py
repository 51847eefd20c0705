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
    """At every step each unit of the cell and of the hidden state keeps its old value with a probability of its own.

    Nothing is set to zero, so gradients pass unchanged where a value is kept.
    """
    holds = {"hold_cell": cell, "hold_hidden": hidden}
    return tuple(Noise(site=site, rate=rate, lifetime="step") for site, rate in holds.items() if rate != 0)
