"""The pictures of a comparison, each in the width of a page and of a phone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from rnnlab.analysis import curves, rows
from rnnlab.analysis.comparison import Comparison, Variant
from rnnlab.analysis.curves import Curves
from rnnlab.analysis.figures import fixed, with_interval
from rnnlab.analysis.ink import Ink, inks, legend
from rnnlab.analysis.svg import render

WIDE, NARROW = 7.2, 3.7
"""Inches."""


@dataclass(frozen=True)
class Picture:
    """A plot in two widths, with what is said beside it."""

    name: str
    title: str
    caption: str
    wide: str
    narrow: str


def pictures(comparison: Comparison, of: Mapping[str, Curves]) -> list[Picture]:
    """Return the pictures that there are figures for; `of` are the learning curves of the variants."""
    shown = inks(comparison)
    drawn = [ink for ink in shown if ink.name in of and of[ink.name].validation.size]
    known = [one for one in comparison.variants.values() if one.value.n]
    by_row = partial(_rows, comparison=comparison, shown=shown)
    picture = partial(_picture, comparison=comparison, shown=shown)
    made = [
        (drawn, "curves", 3.6, partial(_curves, comparison=comparison, of=of, shown=drawn), _value),
        (known, "seeds", None, partial(by_row, draw=rows.seeds), _value),
        (
            any(one.against and one.value.n for one in known),
            "differences",
            None,
            partial(by_row, draw=rows.differences),
            _difference,
        ),
        (any(one.gap.n for one in known), "gap", None, partial(by_row, draw=rows.gap), _gap),
        (
            any(one.words_per_second.n for one in known),
            "speed",
            3.2,
            partial(_speed, comparison=comparison, shown=shown),
            _value,
        ),
    ]
    return [picture(name, height or 0.8 + 0.33 * len(shown), draw, says) for there, name, height, draw, says in made if there]


_TITLES = {
    "curves": (
        "Learning curves",
        "Solid: validation, mean and range over seeds; dashed: training with its noise on. Paler once a seed has stopped.",
    ),
    "seeds": ("Every seed", "A mark is a run, a stroke the mean; a grey line joins the runs that share a seed."),
    "differences": (
        "Difference from the baseline",
        "Small marks are seeds, the large one their mean; the line is its 95 % interval, simultaneous over all variants.",
    ),
    "gap": ("Generalisation gap", "From training (hollow) to validation (full) at the chosen epoch, noise off."),
    "speed": ("Speed and quality", "Mean over seeds; the lines are one standard deviation each way."),
}


def _picture(
    name: str,
    height: float,
    draw: Callable[..., None],
    says: Callable[[Variant], str],
    comparison: Comparison,
    shown: Sequence[Ink],
) -> Picture:
    title, caption = _TITLES[name]
    told = {ink.name: says(comparison.variants[ink.name]) for ink in shown}
    text = f"{caption} {'; '.join(f'{variant}: {part}' for variant, part in told.items() if part)}."
    wide = render(f"{name}-wide", title, text, (WIDE, height), partial(draw, wide=True))
    narrow = render(f"{name}-narrow", title, text, (NARROW, height), partial(draw, wide=False))
    return Picture(name, title, caption, wide, narrow)


def _curves(figure: Any, wide: bool, comparison: Comparison, of: Mapping[str, Curves], shown: Sequence[Ink]) -> None:
    axes = figure.subplots()
    curves.draw(axes, of, shown, comparison.stem, comparison.log)
    legend(figure, shown, wide, "-")


def _rows(figure: Any, wide: bool, comparison: Comparison, shown: Sequence[Ink], draw: Callable[..., None]) -> None:
    draw(figure.subplots(), comparison, shown, wide)


def _speed(figure: Any, wide: bool, comparison: Comparison, shown: Sequence[Ink]) -> None:
    axes = figure.subplots()
    for ink in shown:
        speed, value = comparison.variants[ink.name].words_per_second, comparison.variants[ink.name].value
        if speed.mean is not None and value.mean is not None:
            tip = ink.says(f"{fixed(speed.mean, 0)} {comparison.unit}/s, {fixed(value.mean, 2)}")
            axes.plot(
                [speed.mean - (speed.sd or 0), speed.mean + (speed.sd or 0)],
                [value.mean] * 2,
                color=ink.color,
                linewidth=1,
                gid=tip,
            )
            axes.plot(
                [speed.mean] * 2,
                [value.mean - (value.sd or 0), value.mean + (value.sd or 0)],
                color=ink.color,
                linewidth=1,
                gid=tip,
            )
            axes.plot(speed.mean, value.mean, ink.marker, color=ink.color, markersize=7, gid=tip)
    axes.set_xlabel(f"{comparison.unit} per second in training")
    axes.set_ylabel(comparison.label)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.xaxis.get_major_locator().set_params(nbins=7 if wide else 4)
    legend(figure, shown, wide, "")


def _value(one: Variant) -> str:
    return fixed(one.value.mean, 2) if one.value.n else ""


def _difference(one: Variant) -> str:
    return with_interval(one.against.difference.estimate, plus=True) if one.against else ""


def _gap(one: Variant) -> str:
    return f"{fixed(one.train.mean, 2)} to {fixed(one.validation.mean, 2)}" if one.gap.n else ""
