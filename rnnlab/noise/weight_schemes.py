"""The schemes that act on weights: kernels, and rows of an embedding table."""

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
    """One mask a batch multiplies the elements of the recurrent kernel before the loop.

    All steps and examples share it, and the stored weights are never touched.
    """
    return (Noise(site="recurrent_kernel", rate=rate),)


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
    """Whole rows of the embedding table are dropped, every occurrence of a word alike.

    A mask lives a sequence (Gal) or a batch (AWD-LSTM); with step, tokens are dropped one by one.
    """
    return (Noise(site="word", rate=rate, lifetime=lifetime),)
