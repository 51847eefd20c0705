"""The schemes that mask what enters a product, or what leaves the layer."""

from rnnlab.noise.scheme import scheme
from rnnlab.noise.sites import Noise


def product(argument: str) -> str:
    """The site whose product the layer argument reaches."""
    return "input" if argument == "dropout" else "recurrent"


@scheme(
    "none",
    "dropout",
    "recurrent_dropout",
    "embedding",
    equation="nothing is multiplied",
    paper="Hochreiter & Schmidhuber 1997, Neural Computation 9(8); Cho et al. 2014, arXiv 1406.1078",
    settings="none",
    source="no noise needs no source",
)
def none(argument: str) -> tuple[Noise, ...]:
    """The layer without noise. It is the baseline of every comparison."""
    return ()


@scheme(
    "variational",
    "dropout",
    "recurrent_dropout",
    equation="tied: a = (x_t * z_x) W + (h_{t-1} * z_h) U + b; untied: gate k has masks z_x^k, z_h^k of its own",
    paper="Gal & Ghahramani 2016, arXiv 1512.05287",
    settings="PTB large: input 0.5, recurrent 0.3, words 0.3, untied; Cornell: 0.5 everywhere",
    example={"rate": 0.3},
    source="read in the authors' code",
)
def variational(argument: str, rate: float, tied: bool = True) -> tuple[Noise, ...]:
    """One mask for all steps of a sequence multiplies the copies of x_t and h_{t-1} that enter the products.

    The carried state itself is never masked.
    """
    return (Noise(site=product(argument), rate=rate, lifetime="sequence", tied=tied),)


@scheme(
    "naive",
    "dropout",
    "recurrent_dropout",
    equation="a_k = (x_t * m_t^k) W_k + (h_{t-1} * n_t^k) U_k + b_k, new masks every step",
    paper="the per-step baseline of Gal & Ghahramani 2016, arXiv 1512.05287",
    settings="Cornell: 0.5",
    example={"rate": 0.3},
    source="read in the authors' code",
)
def naive(argument: str, rate: float, tied: bool = False) -> tuple[Noise, ...]:
    """New masks at every step, one for each gate, multiply the copies that enter the products.

    Recurrent connections are dropped anew at every step, which variational dropout was designed to avoid.
    """
    return (Noise(site=product(argument), rate=rate, lifetime="step", tied=tied),)


@scheme(
    "vertical",
    "dropout",
    equation="a = (x_t * m_t) W + h_{t-1} U + b, a new m_t every step",
    paper="Zaremba et al. 2014, arXiv 1409.2329; Pham et al. 2014, arXiv 1312.4569",
    settings="PTB medium 0.5, large 0.65; handwriting 0.5",
    example={"rate": 0.5},
    source="read in the code of Zaremba et al.",
)
def vertical(argument: str, rate: float) -> tuple[Noise, ...]:
    """A new mask at every step, shared by the gates, multiplies the input from the layer below.

    What the layer hands to itself is left alone.
    """
    return (Noise(site="input", rate=rate, lifetime="step"),)


@scheme(
    "locked",
    "dropout",
    equation="y_t = h_t * m",
    paper="Merity et al. 2018, arXiv 1708.02182",
    settings="PTB: between layers 0.25, at the output 0.4",
    example={"rate": 0.4},
    source="read in the authors' code",
)
def locked(argument: str, rate: float) -> tuple[Noise, ...]:
    """One mask for all steps of a sequence multiplies the outputs of the layer. The recurrence never sees it."""
    return (Noise(site="output", rate=rate, lifetime="sequence"),)


@scheme(
    "variational_shared",
    "recurrent_dropout",
    equation="a_t = x_t W + (h_{t-1} * z) U + b; y_t = h_t * z, one z for both",
    paper="Inan et al. 2017, arXiv 1611.01462",
    settings="not given: the footnotes with rate and schedule are lost, and no code was published",
    example={"rate": 0.3},
    source="second-hand: the paper's description, no code",
)
def variational_shared(argument: str, rate: float) -> tuple[Noise, ...]:
    """One mask per sequence multiplies h_{t-1} as it enters the layer's own product and h_t as the next layer's input.

    Both places drop the same units.
    """
    return (
        Noise(site="recurrent", rate=rate, lifetime="sequence"),
        Noise(site="output", rate=rate, lifetime="sequence", like="recurrent"),
    )


@scheme(
    "gaussian",
    "dropout",
    "recurrent_dropout",
    equation="a = (x_t * e_t) W + (h_{t-1} * n_t) U + b, e_t and n_t from N(1, rate / (1 - rate)) at every step",
    paper="Srivastava et al. 2014, JMLR 15, section 10; in an LSTM: code of Gal & Ghahramani 2016",
    settings="not published for recurrent networks",
    example={"rate": 0.3},
    source="the distribution is that of the JMLR paper, as keras.layers.GaussianDropout has it",
)
def gaussian(argument: str, rate: float, tied: bool = True) -> tuple[Noise, ...]:
    """Factors with the mean and the variance of a scaled dropout mask, but normal, multiply what enters the products.

    They are drawn anew at every step.
    """
    return (Noise(site=product(argument), distribution="gaussian", rate=rate, lifetime="step", tied=tied),)


@scheme(
    "variational_gaussian",
    "dropout",
    "recurrent_dropout",
    equation="a = (x_t * e) W + (h_{t-1} * n) U + b, e and n from N(1, rate / (1 - rate)) once a sequence",
    paper="the same noise with the lifetime of Gal & Ghahramani 2016, arXiv 1512.05287; Kingma et al. 2015, arXiv 1506.02557",
    settings="not published for recurrent networks",
    example={"rate": 0.3},
    source="the distribution is that of Srivastava et al. 2014, the lifetime that of Gal & Ghahramani",
)
def variational_gaussian(argument: str, rate: float, tied: bool = True) -> tuple[Noise, ...]:
    """Normal factors of mean 1 multiply what enters the products, the same at every step of a sequence.

    Kingma et al. call this Gaussian dropout with a fixed rate; learning it is another scheme.
    """
    return (Noise(site=product(argument), distribution="gaussian", rate=rate, lifetime="sequence", tied=tied),)


@scheme(
    "concrete",
    "dropout",
    "recurrent_dropout",
    equation="a = (x_t * z_x) W + (h_{t-1} * z_h) U + b, z = (1 - sigmoid((logit p + logit u) / 0.1)) / (1 - p)",
    paper="Gal, Hron & Kendall 2017, arXiv 1705.07832",
    settings="weight_penalty l^2 / (tau N), rate_penalty 2 / (tau N) for N examples; in the code 1e-6 and 1e-5",
    example={"rate": 0.1},
    source="read in the authors' code, which has no recurrent layer: one u a sequence is our reading",
)
def concrete(argument: str, rate: float, weight_penalty: float = 1e-6, rate_penalty: float = 1e-5) -> tuple[Noise, ...]:
    """Variational dropout whose rate is learnt, one for each layer and site: a soft mask is differentiable in its rate.

    The loss gains the penalty of the weights over 1 - p and the negative entropy of the mask, which draws p towards 0.5.
    """
    return (
        Noise(
            site=product(argument),
            distribution="concrete",
            rate=rate,
            lifetime="sequence",
            weight_penalty=weight_penalty,
            rate_penalty=rate_penalty,
        ),
    )
