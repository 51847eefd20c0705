"""The mean ranks of variants over tasks, and which of them are too near each other to be told apart."""

from typing import Any

from rnnlab.comparison.ranking import Ranking
from rnnlab.plots.comparison_plots import Picture, drawn
from rnnlab.plots.style import Ink, shorter
from rnnlab.plots.svg import color


def picture(of: Ranking) -> Picture:
    """Return the critical-difference diagram: one row per variant, the best first."""
    caption = (
        f"Large marks are mean ranks over {len(of.tasks)} tasks, small ones the rank in each; 1 is best. A bar on the right"
        f" joins variants that are not shown to differ: no two mean ranks are more than {of.critical_difference:.2f} apart."
    )
    told = "; ".join(f"{name}: {mean:.2f}" for name, mean in of.ranks.items())
    height = 1.0 + 0.33 * len(of.ranks)
    return drawn("ranks", "Mean ranks over tasks", caption, told, lambda figure, wide: _draw(figure, of, wide), height, height)


def _draw(figure: Any, of: Ranking, wide: bool) -> None:
    axes = figure.subplots()
    for row, (name, mean) in enumerate(of.ranks.items()):
        ink = Ink(name, color("series-0" if name == of.baseline else "series-1"), "o", f"series-{row}")
        for task, its in of.tasks.items():
            tip = ink.says(f"{task}: {its.ranks[name]:g}")
            axes.plot(its.ranks[name], row, "o", color=ink.color, markersize=4, alpha=0.45, markeredgewidth=0, gid=tip)
        axes.plot(mean, row, "D" if name == of.baseline else "o", color=ink.color, markersize=8, gid=ink.says(f"{mean:.2f}"))
    right = _bars(axes, of)
    _ruler(axes, of.critical_difference)
    names = [shorter(name, 40 if wide else 18) for name in of.ranks]
    axes.set_yticks(range(len(names)), names, color=color("ink"))
    axes.set_ylim(len(names) - 0.4, -1.5)
    axes.set_xlim(0.6, max(right, 1.3 + of.critical_difference))
    axes.set_xticks(range(1, len(names) + 1, 1 if wide or len(names) < 8 else 2))
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("rank (1 is best)")


def _bars(axes: Any, of: Ranking) -> float:
    """Join each group of rows; return where the last bar leaves off."""
    rows, step = {name: row for row, name in enumerate(of.ranks)}, 0.03 * len(of.ranks)
    for place, group in enumerate(of.groups):
        x = len(rows) + 0.3 + step * (place + 1)
        ends = [rows[group[0]] - 0.3, rows[group[-1]] + 0.3]
        axes.plot([x, x], ends, color=color("ink"), linewidth=2.5, solid_capstyle="butt", gid=f"|{', '.join(group)}")
    return len(rows) + 0.6 + step * (len(of.groups) + 1)


def _ruler(axes: Any, length: float) -> None:
    """Draw the critical difference to scale, above the rows."""
    axes.plot([1, 1 + length], [-0.75, -0.75], "|-", color=color("muted"), linewidth=1.2, markersize=6)
    axes.text(1, -0.95, f"critical difference {length:.2f}", color=color("muted"), va="bottom", fontsize=8)
