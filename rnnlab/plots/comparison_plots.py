"""The pictures of a comparison, each in the width of a page and of a phone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from rnnlab.comparison.compare import Comparison, VariantSummary
from rnnlab.documents import Record
from rnnlab.plots import learning_curves, strips
from rnnlab.plots.learning_curves import Curves
from rnnlab.plots.style import Ink, inks, legend, ticks
from rnnlab.plots.svg import pdf, render
from rnnlab.statistics.rounding import fixed, with_interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDE, NARROW = 11.5, 3.7
"""Inches: the width of a page, and of a phone or a column of a paper."""


@dataclass(frozen=True)
class Picture:
    """A plot in two widths, with its caption."""

    name: str
    title: str
    caption: str
    wide: str
    narrow: str
    column: Callable[[], bytes]
    """Return it as a PDF in the width of a column, with the font sizes of a paper."""


def drawn(
    name: str, title: str, caption: str, told: str, draw: Callable[["Figure", bool], None], wide: float, narrow: float
) -> Picture:
    """Return the picture of what `draw` (figure, whether it is wide) draws, `wide` and `narrow` inches high.

    `told` describes it, in addition to the caption, to readers who cannot see it.
    """

    def as_svg(kind: str, size: tuple[float, float]) -> str:
        return render(f"{name}-{kind}", title, f"{caption} {told}.", size, lambda figure: draw(figure, size[0] == WIDE))

    column = partial(pdf, (NARROW, narrow), lambda figure: draw(figure, False))
    return Picture(name, title, caption, as_svg("wide", (WIDE, wide)), as_svg("narrow", (NARROW, narrow)), column)


@dataclass(frozen=True)
class _Page:
    """The comparison, the variants to draw, and whether the page is wide."""

    comparison: Comparison
    curves: Mapping[str, Curves]
    shown: list[Ink]
    wide: bool = True


@dataclass(frozen=True)
class _ComparisonPlot:
    """How one picture is made."""

    title: str
    caption: str
    draw: Callable[["Figure", _Page], None]
    says: Callable[[VariantSummary], str]
    """The text alternative of a variant's part; empty where there is nothing to draw."""
    height: float | None = None
    """Inches; None grows with the variants."""
    panels: int = 1
    """The number of panels, side by side on a wide page, else one below the other."""


def pictures(comparison: Comparison, of: Mapping[str, Curves]) -> list[Picture]:
    """Return the pictures for which there are numbers; `of` are the learning curves of the variants."""
    page = _Page(comparison, of, inks(comparison))
    return [picture for name, plot in _PLOTS.items() if (picture := _picture(name, plot, page))]


def _picture(name: str, plot: _ComparisonPlot, page: _Page) -> Picture | None:
    told = {ink.name: plot.says(page.comparison.variants[ink.name]) for ink in page.shown}
    if not any(told.values()) or (name == "curves" and not _with_curves(page)):
        return None
    text = "; ".join(f"{variant}: {part}" for variant, part in told.items() if part)
    height = plot.height or 0.8 + 0.33 * len(page.shown)

    def draw(figure: "Figure", wide: bool) -> None:
        plot.draw(figure, replace(page, wide=wide))

    return drawn(name, plot.title, plot.caption, text, draw, height, height * plot.panels)


def _with_curves(page: _Page) -> list[Ink]:
    return [ink for ink in page.shown if ink.name in page.curves and page.curves[ink.name].validation.size]


def _curves(figure: "Figure", page: _Page) -> None:
    shown = _with_curves(page)
    several = any(ink.name != page.comparison.baseline for ink in shown)
    panels = figure.subplots(*((1, 1 + several) if page.wide else (1 + several, 1)), squeeze=False).flat
    learning_curves.draw(panels[0], page.curves, shown, page.comparison.stem, page.comparison.log)
    if several:
        learning_curves.differences(panels[1], page.curves, shown, page.comparison.baseline, page.comparison.stem)
    legend(figure, shown, page.wide, "-", {"validation": "-", "training": (0, (4, 2))})


def _rows(draw: Callable[..., None]) -> Callable[["Figure", _Page], None]:
    return lambda figure, page: draw(figure.subplots(), page.comparison, page.shown, page.wide)


def _speed(figure: "Figure", page: _Page) -> None:
    axes = figure.subplots()
    shown = [ink for ink in page.shown if _pace(page.comparison.variants[ink.name])]
    for ink in shown:
        one = page.comparison.variants[ink.name]
        style: Record = {"color": ink.color, "gid": ink.says(_pace(one))}
        x, y = one.throughput.mean or 0.0, one.value.mean or 0.0
        across, along = one.throughput.sd or 0.0, one.value.sd or 0.0
        axes.plot([x - across, x + across], [y, y], linewidth=1, **style)
        axes.plot([x, x], [y - along, y + along], linewidth=1, **style)
        axes.plot(x, y, ink.marker, markersize=7, **style)
    axes.set_xlabel(f"{page.comparison.unit} per second in training")
    axes.set_ylabel(page.comparison.label)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    ticks(axes.xaxis, nbins=7 if page.wide else 4)
    legend(figure, shown, page.wide, "")


def _value(one: VariantSummary) -> str:
    return fixed(one.value.mean, 2) if one.value.n else ""


def _difference(one: VariantSummary) -> str:
    return with_interval(one.against.difference.estimate, plus=True) if one.against and one.value.n else ""


def _gap(one: VariantSummary) -> str:
    return f"{fixed(one.train.mean, 2)} to {fixed(one.validation.mean, 2)}" if one.gap.n else ""


def _pace(one: VariantSummary) -> str:
    if not (one.throughput.n and one.value.n):
        return ""
    return f"{fixed(one.throughput.mean, 0)} per second, {fixed(one.value.mean, 2)}"


_PLOTS = {
    "curves": _ComparisonPlot(
        "Learning curves",
        "Solid: validation, mean over seeds with its 95 % interval; dashed: training with its noise on. Paler once a seed has "
        "stopped. The vertical axis is scaled to the epochs after the first; outliers are cut off. Where "
        "there are several variants, the second panel shows validation minus that of the baseline, seed by seed.",
        _curves,
        _value,
        height=3.6,
        panels=2,
    ),
    "seeds": _ComparisonPlot(
        "Every seed",
        "Each mark is a run, each stroke a mean; a grey line joins the runs that share a seed.",
        _rows(strips.seeds),
        _value,
    ),
    "differences": _ComparisonPlot(
        "Difference from the baseline",
        "Small marks are seeds, the large one their mean; the line is its 95 % interval, simultaneous over all variants.",
        _rows(strips.differences),
        _difference,
    ),
    "gap": _ComparisonPlot(
        "Generalisation gap",
        "From training (hollow) to validation (full) at the chosen epoch, noise off.",
        _rows(strips.gap),
        _gap,
    ),
    "speed": _ComparisonPlot(
        "Speed and quality", "Mean over seeds; the lines are one standard deviation each way.", _speed, _pace, height=3.2
    ),
}
