"""The conformance table: every cell and every scheme, one row each. A new one is one more row; all proofs then apply to it."""

from dataclasses import dataclass, field
from itertools import product
from typing import Any

from rnnlab import layers
from rnnlab.noise.schemes import noises
from rnnlab.noise.sites import SITES, Noise


@dataclass(frozen=True)
class Cell:
    """A cell: the layer that has it, the options that choose it, its gates in the order of the weights."""

    name: str
    layer: type
    gates: str
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self):
        return self.name

    @property
    def single(self):
        """Whether it is plain or has one option, and all its biases: a cell whose every equation is its own."""
        return len(self.options) <= 1 and "use_bias" not in self.options

    @property
    def states(self):
        return 2 if self.layer is layers.LSTM else 1

    def build(self, scheme, inputs=2, units=3, **arguments):
        """A built layer of this cell under a scheme, named and seeded, so that two of them draw the same masks."""
        settings = {"name": "layer", "seed": 7, "return_sequences": True, "return_state": True}
        rnn = self.layer(units, **settings | self.options | scheme.arguments(self) | arguments)
        rnn.build((None if not arguments.get("stateful") else 3, None, inputs))
        return rnn


def lstm(name, gates="ifgo", **options):
    return Cell(name, layers.LSTM, gates, options)


CELLS = [
    lstm("lstm"),
    lstm("lstm without bias", use_bias=False),
    lstm("peephole", peephole=True),
    lstm("coupled", "igo", coupled=True),
    lstm("layer norm", layer_norm=True),
    lstm("peephole coupled", "igo", peephole=True, coupled=True),
    lstm("peephole layer norm", peephole=True, layer_norm=True),
    lstm("coupled layer norm", "igo", coupled=True, layer_norm=True),
    lstm("peephole coupled layer norm", "igo", peephole=True, coupled=True, layer_norm=True),
    lstm("capped", cap_input=True),
    lstm("capped peephole layer norm", cap_input=True, peephole=True, layer_norm=True),
    Cell("gru reset after", layers.GRU, "zrg"),
    Cell("gru reset after without bias", layers.GRU, "zrg", {"use_bias": False}),
    Cell("gru reset before", layers.GRU, "zrg", {"reset_after": False}),
]
LSTM = CELLS[0]
GRUS = [CELLS[-3], CELLS[-1]]
PLAIN = [LSTM, *GRUS]
"""The cells that Keras has too."""
WIDEST = [LSTM, *(cell for cell in CELLS if len(cell.options) == 3), GRUS[1]]
"""Cells that have all weights and options between them."""


@dataclass(frozen=True)
class Scheme:
    """Settings of the two arguments; on a cell without cell state, noise that needs one is left out."""

    name: str
    dropout: Any = ()
    recurrent_dropout: Any = ()

    def __str__(self):
        return self.name

    def noises(self, cell):
        given = noises(self.dropout, "dropout") + noises(self.recurrent_dropout, "recurrent_dropout")
        lacking = {noise.site for noise in given if cell.states == 1 and SITES[noise.site].needs_cell}
        lacking |= set() if cell.options.get("use_bias", True) else {"bias"}
        return {noise.site: noise for noise in given if not {noise.site, noise.like} & lacking}

    def draws(self, cell):
        """The sites that draw: not those that take the mask of another."""
        return [site for site, noise in self.noises(cell).items() if not noise.like]

    @property
    def sloped(self):
        """Whether a gradient under it is a slope in float64: not where gradients are stopped, nor by a rate, a float32."""
        return all(noise.site != "detach" and not noise.learned for noise in self.noises(LSTM).values())

    def arguments(self, cell):
        settings = {"dropout": self.dropout, "recurrent_dropout": self.recurrent_dropout}
        if len(self.noises(cell)) == len(noises(self.dropout, "dropout") + noises(self.recurrent_dropout, "recurrent_dropout")):
            return settings
        kept = self.noises(cell).values()
        return {name: [noise for noise in noises(setting, name) if noise in kept] for name, setting in settings.items()}


RATE = 0.4
COORDINATES = {  # site: argument, lifetimes, shared by the gates or not, scales
    "input": ("dropout", ("step", "sequence"), (True, False), ("train", "test")),
    "output": ("dropout", ("step", "sequence"), (True,), ("train", "test")),
    "recurrent": ("recurrent_dropout", ("step", "sequence"), (True, False), ("train", "test")),
    "candidate": ("recurrent_dropout", ("step", "sequence"), (True,), ("test", "train")),
    "cell": ("recurrent_dropout", ("step", "sequence"), (True,), ("test",)),
    "hold_cell": ("recurrent_dropout", ("step", "sequence"), (True,), ("",)),
    "hold_hidden": ("recurrent_dropout", ("step", "sequence"), (True,), ("",)),
    "recurrent_kernel": ("recurrent_dropout", ("batch",), (True,), ("train", "test")),
    "kernel": ("dropout", ("batch",), (True,), ("train", "test")),
    "carried": ("recurrent_dropout", ("sequence",), (True,), ("",)),
    "detach": ("recurrent_dropout", ("step",), (True,), ("",)),
}
OF_SCHEMES = ("bias", "hold_output")
"""Sites that named schemes alone prove: no mask of their own can stand there."""


def noise(site, lifetime="", tied=True, scale="", rate=RATE):
    return Noise(site=site, rate=rate, lifetime=lifetime, tied=tied, scale=scale)


def alone():
    """Every site with every lifetime, gate sharing and scale, alone."""
    for site, (argument, *coordinates) in COORDINATES.items():
        for lifetime, tied, scale in product(*coordinates):
            words = (site, lifetime, "" if tied else "untied", scale and f"scaled in {scale}")
            yield Scheme(" ".join(filter(None, words)), **{argument: noise(site, lifetime, tied, scale)})


def everywhere(lifetime, tied, scale):
    """Noise at every site at once, but for the gradient's own, under which a gradient is no slope."""
    settings = {"dropout": [], "recurrent_dropout": []}
    for site, (argument, lifetimes, sharing, scales) in COORDINATES.items():
        if site == "detach":
            continue
        lived, scaled = lifetime if lifetime in lifetimes else "", scale if scale in scales else ""
        settings[argument].append(noise(site, lived, tied or False not in sharing, scaled, rate=0.3))
    return Scheme(f"everywhere, per {lifetime}, {'tied' if tied else 'untied'}", **settings)


NAMED = [
    Scheme("none", {"scheme": "none"}, {"scheme": "none"}),
    Scheme("variational tied", 0.3, 0.4),
    Scheme("variational untied", *2 * [{"scheme": "variational", "rate": 0.4, "tied": False}]),
    Scheme("naive", *2 * [{"scheme": "naive", "rate": 0.4}]),
    Scheme("vertical", {"scheme": "vertical", "rate": 0.5}),
    Scheme("rnndrop", 0.0, {"scheme": "rnndrop", "rate": 0.4}),
    Scheme("semeniuta", 0.2, {"scheme": "semeniuta", "rate": 0.25}),
    Scheme("semeniuta per sequence", 0.2, {"scheme": "semeniuta", "rate": 0.25, "lifetime": "sequence"}),
    Scheme("zoneout under variational input", 0.3, {"scheme": "zoneout", "cell": 0.5, "hidden": 0.2}),
    Scheme("gaussian", 0.2, {"scheme": "gaussian", "rate": 0.3}),
    Scheme("variational gaussian", *2 * [{"scheme": "variational_gaussian", "rate": 0.3, "tied": False}]),
    Scheme("one mask for state and output", 0.2, {"scheme": "variational_shared", "rate": 0.4}),
    Scheme("zoneout by one mask", 0.0, {"scheme": "zoneout_shared", "rate": 0.4}),
    Scheme("zoneout with the output gate", 0.2, {"scheme": "zoneout_reused_output", "rate": 0.4}),
    Scheme("stochastic depth", 0.0, {"scheme": "stochastic_depth", "rate": 0.4}),
    Scheme("stochastic depth of the hidden state", 0.0, {"scheme": "stochastic_depth", "rate": 0.4, "cell": False}),
    Scheme("state reset", 0.0, [0.3, {"scheme": "state_reset", "rate": 0.4}]),
    Scheme("h-detach", 0.0, {"scheme": "h_detach", "rate": 0.4}),
    Scheme("weight drop by rows", 0.0, {"scheme": "weight_drop_rows", "rate": 0.5}),
    Scheme("weight noise", *2 * [{"scheme": "weight_noise", "sigma": 0.3}]),
    Scheme("concrete", *2 * [{"scheme": "concrete", "rate": 0.3}]),
    Scheme("awd: weight drop and locked", [0.2, {"scheme": "locked", "rate": 0.3}], {"scheme": "weight_drop", "rate": 0.5}),
]
EVERYWHERE = [
    everywhere("step", tied=True, scale="test"),
    everywhere("step", tied=False, scale="train"),
    everywhere("sequence", tied=True, scale="train"),
    everywhere("sequence", tied=False, scale="test"),
]
SCHEMES = [*NAMED, *alone(), *EVERYWHERE]
NONE = SCHEMES[0]
SHORT = [NONE, *EVERYWHERE]
"""No noise, and noise everywhere: the rows for proofs where single sites could show nothing more."""
ROWS = [
    (cell, scheme)
    for cell in CELLS
    for scheme in (SCHEMES if cell.single else [*NAMED, *EVERYWHERE])
    if scheme is NONE or scheme.noises(cell)
]
"""Every cell under every scheme that says something about it; where options combine, sites alone could show nothing more."""
