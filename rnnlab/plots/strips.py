"""Pictures with one row a variant: seeds, differences from the baseline, the gap between training and validation."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from rnnlab.comparison.compare import Comparison
from rnnlab.plots.style import Ink, shorter, ticks
from rnnlab.plots.svg import color
from rnnlab.statistics.rounding import fixed, with_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def seeds(axes: "Axes", comparison: Comparison, shown: Sequence[Ink], wide: bool) -> None:
    """Draw every seed's value, joined over the variants by a line, and a stroke at each mean."""
    values = {ink.name: _values(comparison, ink.name) for ink in shown}
    for seed in sorted(set().union(*values.values())):
        axes.plot([values[ink.name].get(seed, np.nan) for ink in shown], range(len(shown)), color=color("grid"), linewidth=1)
    for row, ink in enumerate(shown):
        _dots(axes, values[ink.name], row, ink)
        mean = comparison.variants[ink.name].value.mean
        if mean is not None:
            axes.plot(
                [mean, mean], [row - 0.24, row + 0.24], color=ink.color, linewidth=2, gid=ink.says(f"mean {fixed(mean, 2)}")
            )
    _label(axes, comparison, shown, comparison.label, wide)


def differences(axes: "Axes", comparison: Comparison, shown: Sequence[Ink], wide: bool) -> None:
    """Draw every seed's difference from the baseline, and above them their mean with its simultaneous interval."""
    base = _values(comparison, comparison.baseline)
    rivals = [ink for ink in shown if ink.name != comparison.baseline]
    axes.axvline(0, color=color("muted"), linewidth=1)
    for row, ink in enumerate(rivals):
        values = _values(comparison, ink.name)
        _dots(axes, {seed: values[seed] - base[seed] for seed in values if seed in base}, row + 0.24, ink, size=3.5)
        _interval(axes, comparison, row - 0.1, ink)
    better = "lower is better" if comparison.mode == "min" else "higher is better"
    _label(axes, comparison, rivals, f"difference in {comparison.label}" + (f" ({better})" if wide else ""), wide)


def gap(axes: "Axes", comparison: Comparison, shown: Sequence[Ink], wide: bool) -> None:
    """Draw the training value hollow and the validation value full, with the gap as the line between them."""
    for row, ink in enumerate(shown):
        one = comparison.variants[ink.name]
        if one.train.mean is None or one.validation.mean is None:
            continue
        axes.plot([one.train.mean, one.validation.mean], [row, row], color=ink.color, linewidth=2.5, alpha=0.4)
        for value, face, split in (
            (one.train.mean, color("paper"), "training"),
            (one.validation.mean, ink.color, "validation"),
        ):
            tip = ink.says(f"{split} {fixed(value, 2)}")
            axes.plot(value, row, "o", color=ink.color, markerfacecolor=face, markersize=6, markeredgewidth=1.5, gid=tip)
    _label(axes, comparison, shown, comparison.stem, wide)


def _values(comparison: Comparison, variant: str) -> dict[int, float]:
    """Return the values of a variant's finished seeds."""
    outcomes = comparison.variants[variant].seeds.items()
    return {seed: one.value for seed, one in outcomes if one.status == "done" and one.value is not None}


def _dots(axes: "Axes", values: Mapping[int, float], row: float, ink: Ink, size: float = 4.5) -> None:
    for seed, value in values.items():
        tip = ink.says(f"seed {seed}: {fixed(value, 2)}")
        axes.plot(value, row, ink.marker, color=ink.color, markersize=size, alpha=0.65, markeredgewidth=0, gid=tip)


def _interval(axes: "Axes", comparison: Comparison, row: float, ink: Ink) -> None:
    against = comparison.variants[ink.name].against
    if against is None or (mean := against.difference.estimate.mean) is None:
        return
    low, high = against.difference.estimate.low, against.difference.estimate.high
    tip = ink.says(with_interval(against.difference.estimate, plus=True))
    if low is not None and high is not None:
        axes.plot([low, high], [row, row], color=ink.color, linewidth=1.6, solid_capstyle="butt", gid=tip)
    axes.plot(mean, row, ink.marker, color=ink.color, markersize=7, gid=tip)


def _label(axes: "Axes", comparison: Comparison, shown: Sequence[Ink], label: str, wide: bool) -> None:
    """Name the rows, the first on top, with what they lost; long names go above their rows where the page is narrow."""
    lost = [comparison.variants[ink.name].counts.lost for ink in shown]
    names = [shorter(ink.name, 40) + (f" ({n} lost)" if n else "") for ink, n in zip(shown, lost, strict=True)]
    above = not wide and max(map(len, names)) > 18
    axes.set_yticks(range(len(shown)), [""] * len(shown) if above else names)
    if above:
        figure = axes.get_figure(root=True)
        figure.set_figheight(figure.get_figheight() + 0.16 * len(shown))  # type: ignore[union-attr]
    for row, (text, name, ink) in enumerate(zip(axes.get_yticklabels(), names, shown, strict=True)):
        if above:
            text = axes.text(0, row - 0.3, name, transform=axes.get_yaxis_transform(), va="bottom", fontsize=8)
        text.set(color=color("ink"), gid=ink.says(""))
    axes.set_ylim(len(shown) - 0.4, -0.9 if above else -0.6)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(label)
    ticks(axes.xaxis, nbins=7 if wide else 4)
