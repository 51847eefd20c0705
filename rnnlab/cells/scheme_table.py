"""The table of schemes that work on each cell, with the reasons why others are refused."""

from collections.abc import Callable

from rnnlab.cells.builtin_cells import CELLS
from rnnlab.cells.kinds import CellKind
from rnnlab.noise.fitting import check_sites
from rnnlab.noise.scheme import SCHEMES
from rnnlab.noise.schemes import noises

WORKS = "works"
UNITS = 4
"""The units of the cells of the table; some states of some cells have fewer elements."""


def fits(kind: CellKind, name: str) -> str:
    """Whether the example of a scheme works on a cell through every argument that takes it, or the reason why it is refused.

    >>> fits(CELLS["lstm"], "zoneout"), fits(CELLS["gru"], "rnndrop")
    ('works', "noise at site 'cell' needs a cell state; this cell's states: hidden")
    """
    scheme = SCHEMES[name]
    for argument in scheme.arguments:
        if argument != "embedding":
            try:
                inside = noises({"scheme": name, **scheme.example}, argument)
                kind.check_noise(check_sites(inside, argument, kind.states, kind.all_sites()), UNITS, kind.options())
            except ValueError as error:
                return str(error)
    return WORKS


def markdown() -> str:
    """The table of our schemes and cells for the documentation, with the reasons below; word dropout, which no cell sees, is
    left out."""
    cells = {name: kind for name, kind in CELLS.items() if _ours(kind.step)}
    lines, reasons = [("scheme", *(f"`{name}`" for name in cells)), ("---",) * (len(cells) + 1)], dict[str, int]()
    for name, scheme in SCHEMES.items():
        if scheme.arguments != ("embedding",) and _ours(scheme.build):
            told = [fits(kind, name) for kind in cells.values()]
            for one in told:
                reasons.setdefault(one, len(reasons))  # that it works is the first
            lines.append((f"`{name}`", *("yes" if one == WORKS else f"no ({reasons[one]})" for one in told)))
    table = "".join("| " + " | ".join(line) + " |\n" for line in lines)
    return table + "\n" + "".join(f"{number}. {reason}\n" for reason, number in reasons.items() if number)


def _ours(part: Callable) -> bool:
    return str(part.__module__).startswith("rnnlab.")
