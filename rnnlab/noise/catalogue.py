"""The schemes for a reader: a table, and a drawing of where each acts in the cell."""

import re
from typing import Any

from rnnlab.noise.schemes import SCHEMES, noises

CELL = """\
c_t-1 ──────────── *f ────────────── + ──<cell>──┬──<hold_cell>────────────────── c_t
                                     │           │
                                     │          tanh
                         <candidate> *i          │
                                     │           *o ──<hold_hidden>──┬─────────── h_t
                                     g           │                   │
                                     └── gates ──┘                   └──<output>─ next layer
                                           │
h_t-1 ──<recurrent>──<recurrent_kernel> U ─+─ W ──<input>──<word>──────────────── x_t
"""
"""An LSTM cell with a place for every site. A GRU has the candidate and h_t alike, and no c_t."""


def sites(name: str) -> list[str]:
    """The sites at which a scheme acts, over all arguments that take it."""
    scheme = SCHEMES[name]
    setting = {"scheme": name, **scheme.example}
    return [noise.site for argument in scheme.arguments for noise in noises(setting, argument)]


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
    fields = ("equation", "placement", "lifetime", "evaluation", "paper", "settings")
    return {
        key: {
            "arguments": list(scheme.arguments),
            "sites": sites(key),
            **{field: getattr(scheme, field) for field in fields},
            "example": {"scheme": key, **scheme.example},
        }
        for key, scheme in SCHEMES.items()
        if name in (None, key)
    }


def markdown() -> str:
    """The table of all schemes as the README shows it."""
    titles = ("scheme", "given to", "equation", "acts on", "mask lives", "evaluation", "paper", "its settings")
    rows = [titles, ("---",) * len(titles)]
    for name, about in table().items():
        given = ", ".join(f"`{argument}`" for argument in about["arguments"])
        fields = ("placement", "lifetime", "evaluation", "paper", "settings")
        rows.append((f"`{name}`", given, f"`{about['equation']}`", *(about[field] for field in fields)))
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in rows)
