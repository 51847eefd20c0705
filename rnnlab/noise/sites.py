"""Noise as a value: a distribution, a site, a lifetime, a sharing. Nothing here draws; see sampling.py."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from numbers import Real

from rnnlab.documents import Plain, Record
from rnnlab.noise.own_distributions import BUILT_IN, DISTRIBUTIONS, Distribution, name_of
from rnnlab.noise.rate_schedule import RateSchedule

LIFETIMES = ("step", "sequence", "batch")
DROPS, FACTORS = ("bernoulli",), ("bernoulli", "gaussian")
WEIGHTS, LEARNED = (*FACTORS, "additive"), (*FACTORS, "concrete")


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
    distributions: tuple[str, ...] = FACTORS
    """Allowed distributions, the default first."""
    sharings: tuple[str, ...] = ("element",)
    """Who may share a draw, the default first."""
    always: bool = False
    """Whether a rate of 1 has a meaning."""
    needs_cell: bool = False
    """Whether only a cell with a cell state beside the hidden one has the site."""


SITES = {
    "input": Site("the copy of x_t that enters the product", "dropout", per_gate=True, distributions=LEARNED),
    "output": Site("h_t as handed to the next layer", "dropout"),
    "kernel": Site("elements of W", "dropout", ("batch",), distributions=WEIGHTS, sharings=("element", "rows")),
    "bias": Site("elements of b", "dropout", ("batch",), (), distributions=("additive",)),
    "recurrent": Site("the copy of h_{t-1} that enters the product", "recurrent_dropout", per_gate=True, distributions=LEARNED),
    "candidate": Site("the candidate g_t", "recurrent_dropout", scales=("test", "train")),
    "cell": Site("the cell state c_t", "recurrent_dropout", scales=("test",), distributions=DROPS, needs_cell=True),
    "hold_cell": Site(
        "c_t: the old value is kept",
        "recurrent_dropout",
        scales=(),
        distributions=DROPS,
        sharings=("element", "units"),
        needs_cell=True,
    ),
    "hold_hidden": Site(
        "h_t: the old value is kept", "recurrent_dropout", scales=(), distributions=DROPS, sharings=("element", "units")
    ),
    "hold_output": Site(
        "o_t: the gate of the step before is kept", "recurrent_dropout", scales=(), distributions=DROPS, needs_cell=True
    ),
    "detach": Site(
        "the gradient of h_{t-1}",
        "recurrent_dropout",
        ("step",),
        (),
        distributions=DROPS,
        sharings=("batch",),
        always=True,
        needs_cell=True,
    ),
    "carried": Site(
        "the states that a batch begins with", "recurrent_dropout", ("sequence",), (), distributions=DROPS, sharings=("units",)
    ),
    "recurrent_kernel": Site(
        "elements of U", "recurrent_dropout", ("batch",), distributions=WEIGHTS, sharings=("element", "rows")
    ),
    "word": Site("rows of the embedding table", "embedding", lifetimes=("sequence", "batch", "step")),
}


def add_site(name: str, acts_on: str) -> None:
    """Let noise act at a further place inside the loop, by the rules of the others: `hold_<state>` keeps the old value."""
    SITES.setdefault(name, Site(acts_on, "recurrent_dropout", scales=() if name.startswith("hold_") else ("train", "test")))


@dataclass(frozen=True, kw_only=True)
class Noise:
    r"""Noise at one site of a recurrent layer.

    bernoulli: a mask m with P(m = 0) = `rate` multiplies what the site names; at the hold sites P(m = 1) = `rate` keeps the old
    value instead, at `detach` it stops the gradient. gaussian: a factor from N(1, rate / (1 - rate)), whose variance is that of
    the scaled mask. additive: a number from N(0, rate^2) is added. concrete: a soft mask whose rate is learnt, from `rate` on,
    with its penalties added to the training loss; see `rnnlab.layers.noise_rates.penalty`. `schedule` lets the rate change in
    time; see `rnnlab.noise.rate_schedule`. A distribution of your own, with its `settings`, gives the mask as it is; see
    `rnnlab.noise.own_distributions.distribution`.

    `lifetime` says how long one draw lives: a time step, a sequence, or a whole batch (shared by its examples). `tied` draws
    are shared by all gates. `sharing` says which elements have one draw: each its own (element), all units of an example
    (units), all units of all examples (batch), all weights into one unit of one gate (rows). `like` names another site whose
    mask this one takes. `gates` are those to whose weights additive noise is added, none for all. `scale="train"` divides
    kept elements by 1 - rate while training; `scale="test"` leaves them alone and multiplies by 1 - rate in evaluation.

    Raises ValueError where a rate is out of range or a coordinate does not exist at the site.

    >>> Noise(site="candidate", lifetime="step", rate=0.25).scale
    'test'
    """

    site: str
    rate: float
    lifetime: str = ""
    tied: bool = True
    scale: str = ""
    distribution: str = ""
    sharing: str = ""
    like: str = ""
    gates: tuple[str, ...] = ()
    schedule: RateSchedule | None = None
    weight_penalty: float = 0.0
    rate_penalty: float = 0.0
    settings: Mapping[str, Plain] | tuple[tuple[str, Plain], ...] = ()

    def __post_init__(self) -> None:
        if self.site not in list(SITES):
            raise ValueError(f"noise site {self.site!r} is unknown; the sites are {', '.join(SITES)}")
        site = SITES[self.site]
        self._check_distribution(site)
        self._settle("lifetime", site.lifetimes)
        self._settle("sharing", site.sharings)
        scales = {"bernoulli": site.scales or ("",), "concrete": ("train",)}
        self._settle("scale", scales.get(self.distribution, ("",)))
        _check_rate(self.rate, "the rate of your own distribution" if self.own else self.distribution, site.always)
        if not isinstance(self.tied, bool):
            raise ValueError(f"tied must be true or false, got {self.tied!r}")
        if not self.tied and not site.per_gate:
            raise ValueError(f"noise at site {self.site!r} acts on no gate's own product, so tied: false means nothing there")
        if self.schedule is not None:
            object.__setattr__(self, "schedule", RateSchedule.read(self.schedule))
        object.__setattr__(self, "gates", (self.gates,) if isinstance(self.gates, str) else tuple(self.gates))
        if self.gates and self.distribution != "additive":
            raise ValueError(f"gates go with distribution: additive, which adds to their weights; got {', '.join(self.gates)}")
        self._check_learned()

    def _check_distribution(self, site: Site) -> None:
        object.__setattr__(self, "distribution", name_of(self.distribution))
        self._settle("distribution", (*site.distributions, *DISTRIBUTIONS))
        if not isinstance(self.settings, Mapping | tuple):
            raise ValueError(f"settings of a distribution are given by their names, got {self.settings!r}")
        settings = dict(self.settings)
        if self.own:
            self.own.check(settings)
        elif settings:
            raise ValueError(f"settings go with a distribution of your own, not with {self.distribution}: got {settings!r}")
        object.__setattr__(self, "settings", tuple(sorted(settings.items())))

    def _check_learned(self) -> None:
        if not self.learned:
            if self.weight_penalty or self.rate_penalty:
                raise ValueError("weight_penalty and rate_penalty belong to the distribution concrete, whose rate is learnt")
        elif self.lifetime != "sequence" or not self.tied or self.schedule:
            raise ValueError("a learnt rate needs lifetime: sequence, tied: true and no schedule")
        for name in ("weight_penalty", "rate_penalty"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be a number from 0 up, got {getattr(self, name)!r}")

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

    @property
    def own(self) -> Distribution | None:
        """The distribution, where it is one that a plug-in registered."""
        return DISTRIBUTIONS.get(self.distribution)

    @property
    def learned(self) -> bool:
        """Whether the rate is a weight."""
        return self.distribution == "concrete"

    @property
    def held(self) -> bool:
        """Whether the rate is the probability of keeping an old value, not of dropping one."""
        return self.site.startswith("hold") or self.site == "detach"

    def coordinates(self) -> Record:
        """The noise as a mapping, from which `Noise(**mapping)` and YAML restore it."""
        site = SITES[self.site]
        usual: Record = {"distribution": site.distributions[0], "sharing": site.sharings[0]}
        usual |= {"weight_penalty": 0.0, "rate_penalty": 0.0}
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values |= {"schedule": self.schedule.plain() if self.schedule else "", "gates": list(self.gates) or ""}
        values["settings"] = dict(self.settings) or ""
        return {name: value for name, value in values.items() if value != "" and value != usual.get(name)}


def _check_rate(rate: object, distribution: str, always: bool) -> None:
    number = float(rate) if isinstance(rate, Real) and not isinstance(rate, bool) else math.nan
    if distribution not in ("bernoulli", "gaussian", "concrete"):
        if not 0 <= number < math.inf:
            what = "a standard deviation" if distribution == "additive" else distribution
            raise ValueError(f"{what} must be a number from 0 up, got {rate!r}")
    elif not (0 <= number < 1 or (always and number == 1)):
        raise ValueError(f"a dropout rate must be a number in [0, 1{']' if always else ')'}, got {rate!r}")


def _not_at_site(site: str, name: str, value: object, allowed: tuple[str, ...]) -> str:
    if name == "scale" and allowed == ("test",):
        return f"site {site!r} is a carried state: dividing it by 1 - rate at every step explodes; only scale: test is possible"
    if name == "distribution" and site == "cell":
        return f"site {site!r} is a carried state: factors above 1 at every step explode; only bernoulli is possible"
    if allowed == ("",):
        return f"site {site!r} takes no {name} with this distribution, got {value!r}"
    unknown = "" if name != "distribution" or value in BUILT_IN else "; register one of your own first"
    return f"site {site!r} takes {name} {' or '.join(allowed)}, got {value!r}{unknown}"
