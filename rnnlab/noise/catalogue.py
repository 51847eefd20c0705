"""The schemes as documentation: a table, and a drawing of where each acts in the cell."""

import re
from collections.abc import Callable, Mapping

from rnnlab.documents import Fields, Record
from rnnlab.noise.scheme import SCHEMES
from rnnlab.noise.schemes import noises
from rnnlab.noise.sites import SITES, Noise

CELL = """\
c_t-1 ──<carried>───────×───────────────+──<cell>──<hold_cell>──┬──────────────────────────── c_t
                        │               │                       │
                        │               ×                     tanh
                        │           ┌───┴───┐<candidate>        │
                      f = σ       i = σ   g = tanh              ×──<hold_hidden>──┬────────── h_t
                        │           │       │                   │                 └──<output>── next layer
                        │           │       │                 o = σ <hold_output>
                        │           │       │                   │
                        └───────────┴───────┴─────────┬─────────┘
                                                      + <bias>
h_t-1 ──<detach>──<recurrent>──<recurrent_kernel>U────┤
                                                      W <kernel>
                                                      │ <input>
                                                      │ <word>
                                                     x_t
"""
"""An LSTM cell with a place for every site, x from below. A GRU has the candidate and h_t alike, and no c_t. What is carried
is h_t too."""

ARGUMENTS = {
    "dropout": "dropout= is vertical: it acts on what a layer is given and what it hands on, at each step by itself, and never "
    "on what passes from one step to the next. A number such as 0.5 is the variational mask, drawn once for the sequence and "
    "shared by the gates.",
    "recurrent_dropout": "recurrent_dropout= is horizontal: it acts on what passes from one step to the next. A number such as "
    "0.3 is the variational mask on the copy of h_{t-1} that enters the products, the same at every step; the carried state "
    "itself is untouched.",
    "embedding": "model.embedding.dropout drops words: rows of the embedding table. A number such as 0.1 drops each word of "
    "the vocabulary with that probability, wherever it stands in the sequence.",
}
"""The arguments that take a scheme, each with what it does."""


def composition(name: str) -> list[Noise]:
    """The noise of a scheme's example, over all arguments that take it."""
    scheme = SCHEMES[name]
    setting = {"scheme": name, **scheme.example}
    return [noise for argument in scheme.arguments for noise in noises(setting, argument)]


def sites(name: str) -> list[str]:
    """The sites at which a scheme acts, over all arguments that take it."""
    return [noise.site for noise in composition(name)]


def does(name: str) -> str:
    """The effect of a scheme, from the docstring of its declaration, in one line."""
    return " ".join((SCHEMES[name].build.__doc__ or "").split())


def lifetime(noise: Noise) -> str:
    """The lifetime of one mask, and what shares it."""
    whose = {"rows": ", one for all weights into a unit of a gate", "units": ", one for all units of an example"}
    if noise.lifetime == "batch":
        return f"the same for all steps and examples of a batch{whose.get(noise.sharing, '')}"
    lives = {"step": "new at each step", "sequence": "the same at all steps of a sequence"}[noise.lifetime]
    if noise.sharing != "element":
        return f"{lives}{whose.get(noise.sharing, ', one for all examples')}"
    sharing = "" if not SITES[noise.site].per_gate else ", shared by the gates" if noise.tied else " and gate"
    return f"{lives}, one for each example{sharing}"


def evaluation(noise: Noise) -> str:
    """The replacement for the mask in evaluation."""
    if noise.own and noise.own.mean is not None:
        return "the mean of the distribution" if callable(noise.own.mean) else f"{noise.own.mean:g}"
    if noise.site.startswith("hold"):
        return "the mean: rate * old + (1 - rate) * new"
    if noise.site == "detach":
        return "there is no gradient"
    return "times 1 - rate" if noise.scale == "test" else "off"


def _each(name: str, tell: Callable[[Noise], str]) -> str:
    """The descriptions of a scheme's noises, each once."""
    return "; ".join(dict.fromkeys(tell(noise) for noise in composition(name))) or "nothing"


def drawing(name: str) -> str:
    """The cell, with the names of the sites where the scheme acts in brackets, and nothing where it does not act.

    >>> "[hold_cell]" in drawing("zoneout"), "[recurrent]" in drawing("zoneout")
    (True, False)
    """
    acting = sites(name)

    def mark(place: re.Match[str]) -> str:
        line = "─" if "─" in place.string[place.start() - 1] + place.string[place.end()] else " "
        return f"[{place[1]}]" if place[1] in acting else line * len(place[0])

    return re.sub(r"<(\w+)>", mark, CELL)


STEPS = 3
LANES = (
    "      {output}↑ h_{t}",
    "c ──{carried}×f──{candidate}+i·g──{cell}{hold_cell}──",
    "      f, i, o = σ   g = tanh  {hold_output}{bias}",
    "h ──{carried}{detach}{recurrent}U{recurrent_kernel}──{hold_hidden}──",
    "      ↑ W{kernel}",
    "      x_{t} {word}{input}",
)
"""The drawing of one step, one lane a line; {site} marks where noise acts."""


def unrolled(name: str) -> str:
    """Three steps side by side, with the masks of a scheme: m1, m2, m3 are new at each step, m is the same at all.

    >>> "[hold_cell m2]" in unrolled("zoneout"), "[recurrent m]" in unrolled("variational")
    (True, True)
    """
    acting = {noise.site: noise for noise in composition(name)}
    steps = [[_lane(lane, acting, t) for lane in LANES] for t in range(1, STEPS + 1)]
    width = max(len(lane) for lanes in steps for lane in lanes)
    rows = ["".join(_wide(step[row], width) for step in steps).rstrip() for row in range(len(LANES))]
    heads = "".join(f"step {t}".ljust(width) for t in range(1, STEPS + 1)).rstrip()
    lives = [_LIVES[lifetime] for lifetime in dict.fromkeys(noise.lifetime for noise in acting.values())]
    return "\n".join(["time ──▶", heads, *rows, *lives]) + "\n"


_LIVES = {
    "step": "m1, m2, m3: a new mask at every step",
    "sequence": "m: one mask for all steps of a sequence",
    "batch": "M: one mask for all steps and all sequences of a batch",
}


def _lane(lane: str, acting: Mapping[str, Noise], t: int) -> str:
    def mark(place: re.Match[str]) -> str:
        site = place[1]
        if site == "t":
            return str(t)
        if site not in acting or (site == "carried" and t > 1):
            return ""
        return f"[{site} {_mask(acting[site], t)}]"

    return re.sub(r"{(\w+)}", mark, lane if t == 1 else re.sub("^[ch] ", "──", lane))


def _mask(noise: Noise, t: int) -> str:
    return {"step": f"m{t}", "sequence": "m", "batch": "M"}[noise.lifetime]


def _wide(lane: str, width: int) -> str:
    return lane.ljust(width, "─" if lane.endswith("─") else " ")


def table(name: str | None = None) -> dict[str, Record]:
    """The description of every scheme, or of one, by name."""
    return {
        key: {
            "does": does(key),
            "arguments": list(scheme.arguments),
            "sites": sites(key),
            "equation": scheme.equation,
            "acts on": _each(key, lambda noise: SITES[noise.site].acts_on),
            "mask": _each(key, lifetime),
            "evaluation": _each(key, evaluation),
            "paper": scheme.paper,
            "its settings": scheme.settings,
            "source": scheme.source,
            "example": {"scheme": key, **scheme.example},
        }
        for key, scheme in SCHEMES.items()
        if name in (None, key)
    }


def markdown() -> str:
    """All schemes as the documentation shows them: a table of four columns, then each with its equation and its source."""
    about = table()
    rows = [("scheme", "given to", "mask", "paper"), ("---",) * 4]
    rows += [(f"[`{name}`](#{name})", _given(row), row["mask"], row["paper"]) for name, row in about.items()]
    written = ("| " + " | ".join(row) + " |\n" for row in rows)
    return "".join([*written, *(_section(name, row) for name, row in about.items())])


def _section(name: str, row: Fields) -> str:
    settings = ", ".join(f"{key}: {value}" for key, value in row["example"].items())
    parts = {
        "Given to": f"{_given(row)}, for example as `{{{settings}}}`",
        "Acts on": row["acts on"],
        "Mask": row["mask"],
        "In evaluation": row["evaluation"],
        "Settings in the paper": row["its settings"],
        "Source": row["source"],
    }
    told = "".join(f"- {title}: {part}\n" for title, part in parts.items())
    return f"\n### {name}\n\n{row['does']}\n\n```text\n{row['equation']}\n```\n\n{told}"


def _given(row: Fields) -> str:
    return ", ".join(f"`{argument}`" for argument in row["arguments"])
