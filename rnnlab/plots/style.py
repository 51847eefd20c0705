"""How variants are drawn: the same colour and marker in every picture, the best ones where there are more than colours."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from rnnlab.comparison.compare import Comparison
from rnnlab.documents import Fields
from rnnlab.plots.svg import PALETTE, color

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

_COLORS = sum(role.startswith("series") for role in PALETTE)
_MARKERS = "osD^vPXd"
ROWS = 40
"""More variants than this do not fit a picture; the best are shown."""


@dataclass(frozen=True)
class Ink:
    """A variant's name, colour, marker, and the class of everything that is drawn for it."""

    name: str
    color: str
    marker: str
    series: str

    def says(self, text: str) -> str:
        """Return the gid of an artist that belongs to the variant and says `text` when pointed at."""
        return f"{self.series}|{self.name} {text}"


def inks(comparison: Comparison) -> list[Ink]:
    """Return an ink for each variant, in order; the baseline is grey, what is beyond the colours a lighter grey."""
    numbers = {name: number for number, name in enumerate(comparison.variants)}
    colored = [comparison.baseline, *[name for name in _best_first(comparison) if name != comparison.baseline]][:_COLORS]
    shown = {comparison.baseline, *_best_first(comparison)[:ROWS]}
    order = sorted(colored[1:], key=numbers.__getitem__)
    places = {comparison.baseline: 0, **{name: place + 1 for place, name in enumerate(order)}}
    return [_ink(name, numbers[name], places.get(name)) for name in comparison.variants if name in shown]


def _best_first(comparison: Comparison) -> list[str]:
    sign = 1 if comparison.mode == "min" else -1
    known = {name: one.value.mean for name, one in comparison.variants.items() if one.value.mean is not None}
    return [*sorted(known, key=lambda name: sign * known[name]), *(name for name in comparison.variants if name not in known)]


def _ink(name: str, number: int, place: int | None) -> Ink:
    role = "others" if place is None else f"series-{place}"
    return Ink(name, color(role), _MARKERS[(place or 0) % len(_MARKERS)], f"series-{number}")


def shorter(name: str, most: int) -> str:
    """Return a name of at most `most` characters, its middle left out.

    >>> shorter("cell=lstm,dropout=0.25,recurrent_dropout=0.5", 20)
    'cell=lstm,…opout=0.5'
    """
    return name if len(name) <= most else f"{name[: most // 2]}…{name[len(name) - (most - most // 2 - 1) :]}"


def ticks(axis: "Axis", **settings: int | bool) -> None:
    """Set how many ticks an axis may have, and whether only at whole numbers."""
    axis.get_major_locator().set_params(**settings)


def legend(figure: "Figure", shown: Sequence[Ink], wide: bool, line: str, lines: Fields = MappingProxyType({})) -> None:
    """Put names and markers of the coloured variants, the others' as one, then kinds of `lines` by name, above the plot.

    The plot grows by them.
    """
    from matplotlib.lines import Line2D

    named, others = ([ink for ink in shown if (ink.color == color("others")) == beyond] for beyond in (False, True))
    names = [ink.name for ink in named] + ([f"{len(others)} others"] if others[1:] else [ink.name for ink in others])
    marked = [*named, *others[:1]]
    handles = [Line2D([], [], color=ink.color, marker=ink.marker, linestyle=line, markersize=5) for ink in marked]
    handles += [Line2D([], [], color=color("muted"), linestyle=kind) for kind in lines.values()]
    labels = [*(shorter(name, 28) for name in names), *lines]
    room = 145 if wide else 42  # characters
    fitting = max(1, min(len(labels), room // (max(map(len, labels)) + 6)))
    figure.set_figheight(figure.get_figheight() + 0.19 * ((len(labels) - 1) // fitting))
    figure.legend(handles, labels, loc="outside upper left", ncols=fitting, borderpad=0, handlelength=1.6, columnspacing=1.4)
