"""The schemes for a reader: a table, and a drawing of where each acts in the cell."""

import re
from collections.abc import Callable
from typing import Any

from rnnlab.noise.scheme import SCHEMES
from rnnlab.noise.schemes import noises
from rnnlab.noise.sites import SITES, Noise

CELL = """\
c_t-1 ──<carried>─────────── *f ────────────── + ──<cell>──┬──<hold_cell>─────────────────────────────────── c_t
                                               │           │
                                               │          tanh
                                   <candidate> *i          │
                                               │           *o ──<hold_output>──<hold_hidden>──┬──────────── h_t
                                               g           │                                  │
                                               └── gates ──┘                                  └──<output>── next layer
                                                     │
h_t-1 ──<detach>──<recurrent>──<recurrent_kernel> U ─+──<bias>── W ──<kernel>──<input>──<word>────────────────── x_t
"""
"""An LSTM cell with a place for every site. A GRU has the candidate and h_t alike, and no c_t. What is carried is h_t too."""


def composition(name: str) -> list[Noise]:
    """The noise of a scheme's example, over all arguments that take it."""
    scheme = SCHEMES[name]
    setting = {"scheme": name, **scheme.example}
    return [noise for argument in scheme.arguments for noise in noises(setting, argument)]


def sites(name: str) -> list[str]:
    """The sites at which a scheme acts, over all arguments that take it."""
    return [noise.site for noise in composition(name)]


def does(name: str) -> str:
    """What a scheme does, as the docstring of its declaration says it, in one line."""
    return " ".join((SCHEMES[name].build.__doc__ or "").split())


def lifetime(noise: Noise) -> str:
    """How long one mask lives, and who shares it."""
    whose = {"rows": ", one for all weights into a unit of a gate", "units": ", one for all units of an example"}
    if noise.lifetime == "batch":
        return f"batch: one for all steps and examples{whose.get(noise.sharing, '')}"
    if noise.sharing != "element":
        return f"{noise.lifetime}{whose.get(noise.sharing, ', one for all examples')}"
    sharing = "" if not SITES[noise.site].per_gate else ", shared by the gates" if noise.tied else " and gate"
    return f"{noise.lifetime}, one mask an example{sharing}"


def evaluation(noise: Noise) -> str:
    """What takes the place of the mask in evaluation."""
    if noise.site.startswith("hold"):
        return "the mean: rate * old + (1 - rate) * new"
    if noise.site == "detach":
        return "there is no gradient"
    return "times 1 - rate" if noise.scale == "test" else "off"


def _each(name: str, tell: Callable[[Noise], str]) -> str:
    """What there is to tell of the noises of a scheme, each thing once."""
    return "; ".join(dict.fromkeys(tell(noise) for noise in composition(name))) or "nothing"


def drawing(name: str) -> str:
    """The cell, with the names of the sites where the scheme acts in brackets, and nothing where it does not act.

    >>> "[hold_cell]" in drawing("zoneout"), "[recurrent]" in drawing("zoneout")
    (True, False)
    """
    acting = sites(name)

    def mark(place: re.Match[str]) -> str:
        line = " " if place[1] == "candidate" else "─"
        return f"[{place[1]}]" if place[1] in acting else line * len(place[0])

    return re.sub(r"<(\w+)>", mark, CELL)


def table(name: str | None = None) -> dict[str, dict[str, Any]]:
    """What is known of every scheme, or of one, by name."""
    return {
        key: {
            "does": does(key),
            "arguments": list(scheme.arguments),
            "sites": sites(key),
            "equation": scheme.equation,
            "acts on": _each(key, lambda noise: SITES[noise.site].acts_on),
            "mask lives": _each(key, lifetime),
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
    """All schemes as the documentation shows them: what each does in a line, then a table."""
    about = table()
    lines = [f"- `{name}`: {row['does']}\n" for name, row in about.items()]
    titles = ("equation", "acts on", "mask lives", "evaluation", "paper", "its settings", "source")
    rows = [("scheme", "given to", *titles), ("---",) * (len(titles) + 2)]
    for name, row in about.items():
        given = ", ".join(f"`{argument}`" for argument in row["arguments"])
        rows.append((f"`{name}`", given, f"`{row['equation']}`", *(row[title] for title in titles[1:])))
    written = ("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in rows)
    return "".join([*lines, "\n", *written])
