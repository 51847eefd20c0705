"""Noise as a value: a site, a rate, a lifetime, gate sharing. Nothing here draws; see sampling.py."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from numbers import Real
from typing import Any

LIFETIMES = ("step", "sequence", "batch")


@dataclass(frozen=True)
class Site:
    """A place in the recurrence where noise can act, and what makes sense there."""

    acts_on: str
    argument: str
    """The layer argument that reaches this site: dropout, recurrent_dropout or embedding."""
    lifetimes: tuple[str, ...] = ("step", "sequence")
    scales: tuple[str, ...] = ("train", "test")
    """Allowed places of the scaling, the default first; empty where nothing is scaled."""
    per_gate: bool = False


SITES = {
    "input": Site("the copy of x_t that enters the product", "dropout", per_gate=True),
    "output": Site("h_t as handed to the next layer", "dropout"),
    "recurrent": Site("the copy of h_{t-1} that enters the product", "recurrent_dropout", per_gate=True),
    "candidate": Site("the candidate g_t", "recurrent_dropout", scales=("test", "train")),
    "cell": Site("the cell state c_t", "recurrent_dropout", scales=("test",)),
    "hold_cell": Site("c_t: the old value is kept", "recurrent_dropout", scales=()),
    "hold_hidden": Site("h_t: the old value is kept", "recurrent_dropout", scales=()),
    "recurrent_kernel": Site("elements of U", "recurrent_dropout", lifetimes=("batch",)),
    "word": Site("rows of the embedding table", "embedding", lifetimes=("sequence", "batch", "step")),
}


@dataclass(frozen=True, kw_only=True)
class Noise:
    r"""Bernoulli noise at one site of a recurrent layer.

    A mask m with P(m = 0) = `rate` multiplies what the site names; at the two hold sites P(m = 1) = `rate` keeps the old
    value instead. `lifetime` says how long one mask lives: a time step, a sequence, or a whole batch (shared by its
    examples). `tied` masks are shared by all gates. `scale="train"` divides kept elements by 1 - rate while training;
    `scale="test"` leaves them alone and multiplies by 1 - rate in evaluation.

    Raises ValueError where a rate is outside [0, 1) or a coordinate does not exist at the site.

    >>> Noise(site="candidate", lifetime="step", rate=0.25).scale
    'test'
    """

    site: str
    rate: float
    lifetime: str = ""
    tied: bool = True
    scale: str = ""

    def __post_init__(self) -> None:
        if self.site not in list(SITES):
            raise ValueError(f"noise site {self.site!r} is unknown; the sites are {', '.join(SITES)}")
        site = SITES[self.site]
        _check_rate(self.rate)
        self._settle("lifetime", site.lifetimes)
        self._settle("scale", site.scales or ("",))
        if not isinstance(self.tied, bool):
            raise ValueError(f"tied must be true or false, got {self.tied!r}")
        if not self.tied and not site.per_gate:
            raise ValueError(f"noise at site {self.site!r} acts on no gate's own product, so tied: false means nothing there")

    def _settle(self, name: str, allowed: tuple[str, ...]) -> None:
        """Fill in the site's default for a coordinate left empty, and refuse what the site does not have."""
        value = getattr(self, name) or allowed[0]
        if value not in allowed:
            raise ValueError(_not_at_site(self.site, name, value, allowed))
        object.__setattr__(self, name, value)

    @property
    def keep(self) -> float:
        """The probability that an element is left as it is."""
        return 1.0 - self.rate

    def coordinates(self) -> dict[str, Any]:
        """The value as a mapping that `Noise(**mapping)` and YAML read back."""
        return {field.name: getattr(self, field.name) for field in fields(self) if getattr(self, field.name) != ""}


def _check_rate(rate: object) -> None:
    if isinstance(rate, bool) or not isinstance(rate, Real) or not 0 <= float(rate) < 1:
        raise ValueError(f"a dropout rate must be a number in [0, 1), got {rate!r}")


def _not_at_site(site: str, name: str, value: object, allowed: tuple[str, ...]) -> str:
    if name == "scale" and allowed == ("test",):
        return f"site {site!r} is a carried state: dividing it by 1 - rate at every step explodes; only scale: test is possible"
    if allowed == ("",):
        return f"site {site!r} takes no {name}, got {value!r}"
    return f"site {site!r} takes {name} {' or '.join(allowed)}, got {value!r}"


def check_sites(noises: Iterable[Noise], argument: str, states: tuple[str, ...] | None = None) -> tuple[Noise, ...]:
    """Return `noises` as a tuple, or raise ValueError where they do not fit `argument`, each other, or the cell's `states`."""
    noises = tuple(noises)
    for noise in noises:
        wanted = SITES[noise.site].argument
        if wanted != argument:
            raise ValueError(f"noise at site {noise.site!r} belongs to {wanted}, not to {argument}")
        if states is not None and noise.site in ("cell", "hold_cell") and "cell" not in states:
            raise ValueError(f"noise at site {noise.site!r} needs a cell state; this cell's states: {', '.join(states)}")
    sites = [noise.site for noise in noises]
    for site in sites:
        if sites.count(site) > 1:
            raise ValueError(f"two noises act on site {site!r}; give one")
    return noises
