"""The schemes that act on weights: kernels, and rows of an embedding table."""

from collections.abc import Sequence

from rnnlab.noise.scheme import scheme
from rnnlab.noise.sites import Noise


@scheme(
    "weight_drop",
    "recurrent_dropout",
    equation="a = x_t W + h_{t-1} (M * U) + b",
    paper="Merity et al. 2018, arXiv 1708.02182; Wan et al. 2013",
    settings="PTB and WikiText-2 words: 0.5",
    example={"rate": 0.5},
    source="read in the authors' code",
)
def weight_drop(argument: str, rate: float) -> tuple[Noise, ...]:
    """One mask per batch multiplies the elements of the recurrent kernel before the loop.

    All steps and examples share it, and the stored weights are never touched.
    """
    return (Noise(site="recurrent_kernel", rate=rate),)


@scheme(
    "weight_drop_rows",
    "recurrent_dropout",
    equation="a = x_t W + (h_{t-1} U) * m + b, one m a batch over the units of every gate",
    paper="the code of Merity et al. 2018, arXiv 1708.02182 (WeightDrop with variational=True)",
    settings="not used in the paper",
    example={"rate": 0.5},
    source="read in the authors' code, which goes on dropping in evaluation; here evaluation is without noise",
)
def weight_drop_rows(argument: str, rate: float) -> tuple[Noise, ...]:
    """Drops all recurrent weights into one unit of one gate together, which AWD-LSTM's code calls variational.

    It is not the variational dropout of Gal and Ghahramani: what a product gives is masked, not what enters it.
    """
    return (Noise(site="recurrent_kernel", rate=rate, sharing="rows"),)


@scheme(
    "weight_noise",
    "dropout",
    "recurrent_dropout",
    equation="W' = W + sigma E, b' = b + sigma e (dropout); U' = U + sigma E (recurrent_dropout), E from N(0, 1) once a batch",
    paper="Graves 2013, arXiv 1308.0850; Graves 2011, NeurIPS; as the baseline of Chung et al. 2014 and of zoneout",
    settings="0.075",
    example={"sigma": 0.075},
    source="second-hand; whether biases had noise is not said everywhere: biases=false leaves them alone",
)
def weight_noise(argument: str, sigma: float, biases: bool = True, gates: str | Sequence[str] = ()) -> tuple[Noise, ...]:
    """Adds one normal number a batch to every weight of the layer, and takes it away again after the step.

    Through `dropout` it reaches kernel and bias, through `recurrent_dropout` the recurrent kernel, of all gates or of `gates`.
    """
    sites = ("recurrent_kernel",) if argument == "recurrent_dropout" else ("kernel", "bias")[: 1 + biases]
    chosen = (gates,) if isinstance(gates, str) else tuple(gates)
    return tuple(Noise(site=site, distribution="additive", rate=sigma, gates=chosen) for site in sites)


@scheme(
    "word",
    "embedding",
    equation="E'[w] = m_w E[w], one m_w for all occurrences of word w",
    paper="Gal & Ghahramani 2016, arXiv 1512.05287; Merity et al. 2018, arXiv 1708.02182",
    settings="PTB large 0.3; AWD-LSTM 0.1",
    example={"rate": 0.1},
    source="read in the authors' code of both",
)
def word(argument: str, rate: float, lifetime: str = "sequence") -> tuple[Noise, ...]:
    """Whole rows of the embedding table are dropped: all occurrences of a word together.

    A mask lives a sequence (Gal) or a batch (AWD-LSTM); with step, tokens are dropped one by one.
    """
    return (Noise(site="word", rate=rate, lifetime=lifetime),)
