"""Every published scheme as a composition of noise values, by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from numbers import Real
from typing import Any

from rnnlab.names import nearest
from rnnlab.noise.sites import Noise, check_sites

Setting = float | Noise | Mapping[str, Any] | list[Any] | tuple[Any, ...]
"""What `dropout=` and `recurrent_dropout=` take: a rate, a noise value, a scheme or coordinates by name, or several."""


@dataclass(frozen=True)
class Scheme:
    """A named scheme: how its settings become noise, and what its paper says of it."""

    build: Callable[..., tuple[Noise, ...]]
    arguments: tuple[str, ...]
    """The layer arguments that take it: dropout, recurrent_dropout, embedding."""
    equation: str
    placement: str
    lifetime: str
    evaluation: str
    paper: str
    settings: str
    """The settings that the paper used."""
    example: Mapping[str, Any]
    """Settings to begin with."""


def _none(argument: str) -> tuple[Noise, ...]:
    return ()


def _variational(argument: str, rate: float, tied: bool = True) -> tuple[Noise, ...]:
    return (Noise(site=_product(argument), rate=rate, lifetime="sequence", tied=tied),)


def _naive(argument: str, rate: float, tied: bool = False) -> tuple[Noise, ...]:
    return (Noise(site=_product(argument), rate=rate, lifetime="step", tied=tied),)


def _vertical(argument: str, rate: float) -> tuple[Noise, ...]:
    return (Noise(site="input", rate=rate, lifetime="step"),)


def _locked(argument: str, rate: float) -> tuple[Noise, ...]:
    return (Noise(site="output", rate=rate, lifetime="sequence"),)


def _rnndrop(argument: str, rate: float) -> tuple[Noise, ...]:
    return (Noise(site="cell", rate=rate, lifetime="sequence"),)


def _semeniuta(argument: str, rate: float, lifetime: str = "step") -> tuple[Noise, ...]:
    return (Noise(site="candidate", rate=rate, lifetime=lifetime),)


def _zoneout(argument: str, cell: float = 0.0, hidden: float = 0.0) -> tuple[Noise, ...]:
    holds = {"hold_cell": cell, "hold_hidden": hidden}
    return tuple(Noise(site=site, rate=rate, lifetime="step") for site, rate in holds.items() if rate != 0)


def _weight_drop(argument: str, rate: float) -> tuple[Noise, ...]:
    return (Noise(site="recurrent_kernel", rate=rate),)


def _word(argument: str, rate: float, lifetime: str = "sequence") -> tuple[Noise, ...]:
    return (Noise(site="word", rate=rate, lifetime=lifetime),)


def _product(argument: str) -> str:
    """The site whose product the argument reaches."""
    return "input" if argument == "dropout" else "recurrent"


SCHEMES = {
    "none": Scheme(
        _none,
        ("dropout", "recurrent_dropout", "embedding"),
        equation="nothing is multiplied",
        placement="nowhere",
        lifetime="none",
        evaluation="the same",
        paper="Hochreiter & Schmidhuber 1997, Neural Computation 9(8); Cho et al. 2014, arXiv 1406.1078",
        settings="none",
        example={},
    ),
    "variational": Scheme(
        _variational,
        ("dropout", "recurrent_dropout"),
        equation="tied: a = (x_t * z_x) W + (h_{t-1} * z_h) U + b; untied: gate k has masks z_x^k, z_h^k of its own",
        placement="the copies of x_t and h_{t-1} that enter the products, never the carried state",
        lifetime="sequence, one mask an example",
        evaluation="off, or Monte Carlo",
        paper="Gal & Ghahramani 2016, arXiv 1512.05287",
        settings="PTB large: input 0.5, recurrent 0.3, words 0.3, untied; Cornell: 0.5 everywhere",
        example={"rate": 0.3},
    ),
    "naive": Scheme(
        _naive,
        ("dropout", "recurrent_dropout"),
        equation="a_k = (x_t * m_t^k) W_k + (h_{t-1} * n_t^k) U_k + b_k, new masks every step",
        placement="the copies of x_t and h_{t-1} that enter the products",
        lifetime="step, one mask an example and gate",
        evaluation="off",
        paper="the per-step baseline of Gal & Ghahramani 2016, arXiv 1512.05287",
        settings="Cornell: 0.5",
        example={"rate": 0.3},
    ),
    "vertical": Scheme(
        _vertical,
        ("dropout",),
        equation="a = (x_t * m_t) W + h_{t-1} U + b, a new m_t every step",
        placement="the copy of x_t that enters the product",
        lifetime="step, one mask an example, shared by the gates",
        evaluation="off",
        paper="Zaremba et al. 2014, arXiv 1409.2329; Pham et al. 2014, arXiv 1312.4569",
        settings="PTB medium 0.5, large 0.65; handwriting 0.5",
        example={"rate": 0.5},
    ),
    "locked": Scheme(
        _locked,
        ("dropout",),
        equation="y_t = h_t * m",
        placement="h_t as handed to the next layer",
        lifetime="sequence, one mask an example",
        evaluation="off",
        paper="Merity et al. 2018, arXiv 1708.02182",
        settings="PTB: between layers 0.25, at the output 0.4",
        example={"rate": 0.4},
    ),
    "rnndrop": Scheme(
        _rnndrop,
        ("recurrent_dropout",),
        equation="c_t = m * (f_t * c_{t-1} + i_t * g_t)",
        placement="the cell state, unscaled inside the loop",
        lifetime="sequence, one mask an example",
        evaluation="c_t times 1 - rate",
        paper="Moon et al. 2015, ASRU",
        settings="speech: between 0.1 and 0.5",
        example={"rate": 0.3},
    ),
    "semeniuta": Scheme(
        _semeniuta,
        ("recurrent_dropout",),
        equation="LSTM: c_t = f_t * c_{t-1} + i_t * (m_t * g_t); GRU: h_t = z_t * h_{t-1} + (1 - z_t) * (m_t * g_t)",
        placement="the candidate: what is carried is never dropped",
        lifetime="step (the paper's advice) or sequence",
        evaluation="g_t times 1 - rate",
        paper="Semeniuta et al. 2016, arXiv 1603.05118",
        settings="0.25 and 0.5, per step",
        example={"rate": 0.25},
    ),
    "zoneout": Scheme(
        _zoneout,
        ("recurrent_dropout",),
        equation="c_t = d^c * c_{t-1} + (1 - d^c) * c~_t; h_t = d^h * h_{t-1} + (1 - d^h) * o_t * tanh(c~_t)",
        placement="the carried states: units keep their old value",
        lifetime="step, one mask an example",
        evaluation="its expectation: c_t = p c_{t-1} + (1 - p) c~_t, likewise h_t",
        paper="Krueger et al. 2017, arXiv 1606.01305",
        settings="character PTB: cell 0.5, hidden 0.05; permuted MNIST: 0.15, 0.15; text8: 0.2, 0.2",
        example={"cell": 0.5, "hidden": 0.05},
    ),
    "weight_drop": Scheme(
        _weight_drop,
        ("recurrent_dropout",),
        equation="a = x_t W + h_{t-1} (M * U) + b",
        placement="elements of the recurrent kernel, before the loop",
        lifetime="batch: one mask a call, shared by steps and examples",
        evaluation="off",
        paper="Merity et al. 2018, arXiv 1708.02182; Wan et al. 2013",
        settings="PTB and WikiText-2 words: 0.5",
        example={"rate": 0.5},
    ),
    "word": Scheme(
        _word,
        ("embedding",),
        equation="E'[w] = m_w E[w], one m_w for all occurrences of word w",
        placement="rows of the embedding table",
        lifetime="sequence (Gal) or batch (AWD-LSTM); step drops tokens one by one",
        evaluation="off",
        paper="Gal & Ghahramani 2016, arXiv 1512.05287; Merity et al. 2018, arXiv 1708.02182",
        settings="PTB large 0.3; AWD-LSTM 0.1",
        example={"rate": 0.1},
    ),
}


def noises(setting: Setting, argument: str) -> tuple[Noise, ...]:
    """Return the noise values that a setting of `argument` stands for.

    A number is the variational mask, gates tied (for an embedding: word dropout). A mapping names a scheme with its settings
    or gives coordinates; a list combines. A rate of zero is no noise. Raises ValueError naming what is wrong.

    >>> [noise.site for noise in noises({"scheme": "zoneout", "cell": 0.5, "hidden": 0.05}, "recurrent_dropout")]
    ['hold_cell', 'hold_hidden']
    """
    return tuple(noise for noise in check_sites(_values(setting, argument), argument) if noise.rate > 0)


def plain(setting: Setting) -> Any:
    """The same setting in numbers, strings, lists and mappings alone, as a config keeps it."""
    match setting:
        case Noise():
            return plain(setting.coordinates())
        case list() | tuple():
            return [plain(part) for part in setting]
        case Mapping():
            return {key: plain(value) for key, value in setting.items()}
        case Real() if hasattr(setting, "item"):  # NumPy's numbers
            return setting.item()
    return setting


def _values(setting: Setting, argument: str) -> tuple[Noise, ...]:
    match setting:
        case Noise():
            return (setting,)
        case Mapping():
            return _from_mapping(dict(setting), argument)
        case list() | tuple():
            return tuple(noise for part in setting for noise in _values(part, argument))
        case Real() if not isinstance(setting, bool):
            scheme = "word" if argument == "embedding" else "variational"
            return SCHEMES[scheme].build(argument, rate=setting)
    raise ValueError(f"{argument} takes a rate, {{scheme: ...}} or {{site: ...}}, or a list of these; got {setting!r}")


def _from_mapping(mapping: dict[str, Any], argument: str) -> tuple[Noise, ...]:
    if "scheme" in mapping:
        return _from_scheme(mapping.pop("scheme"), mapping, argument)
    if "site" in mapping:
        return (_called(Noise, "a noise with a site", mapping),)
    raise ValueError(
        f"{argument} needs a scheme or a site; got the keys {', '.join(map(str, mapping)) or 'of an empty mapping'}"
    )


def _from_scheme(name: object, settings: dict[str, Any], argument: str) -> tuple[Noise, ...]:
    fitting = [key for key, scheme in SCHEMES.items() if argument in scheme.arguments]
    if name not in fitting:
        what = "is unknown" if name not in list(SCHEMES) else f"does not act through {argument}"
        raise ValueError(f"scheme {name!r} {what}; {argument} takes {', '.join(fitting)}{nearest(name, fitting)}")
    return _called(SCHEMES[str(name)].build, f"scheme {name!r}", settings, argument)


def _called(build: Callable[..., Any], what: str, settings: dict[str, Any], *args: Any) -> Any:
    """Call `build`, with a missing or unknown setting told in the user's words."""
    known = list(signature(build).parameters.values())[len(args) :]
    names = [parameter.name for parameter in known]
    if unknown := [key for key in settings if key not in names]:
        allowed = f"takes {', '.join(names)}{nearest(unknown[0], names)}" if names else "takes no settings"
        raise ValueError(f"{what} has no setting {unknown[0]!r}; it {allowed}")
    if missing := [
        parameter.name for parameter in known if parameter.default is parameter.empty and parameter.name not in settings
    ]:
        raise ValueError(f"{what} needs {' and '.join(missing)}")
    return build(*args, **settings)
