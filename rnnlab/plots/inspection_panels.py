"""How snapshots are drawn: lines over lags or steps, heat maps over tokens, histograms, rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from rnnlab.inspection.archive import Snapshot
from rnnlab.plots.style import Ink, legend, shorter, ticks
from rnnlab.plots.svg import color
from rnnlab.statistics.rounding import scientific

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

Snapshots = Mapping[str, Sequence[Snapshot]]
"""The snapshots of each variant, one per seed."""
MOST = 3
"""Layers in a picture."""
STATES = {"hidden": "h", "cell": "c"}
GATES = ("input", "forget", "output", "update", "reset")


def layers(snapshots: Snapshots) -> list[str]:
    """Return the layers that any variant has, the lowest first; where there are many the first, the middle one and the last."""
    names = sorted({key.split("/")[0] for of in snapshots.values() for snapshot in of for key in snapshot if "/" in key})
    return names if len(names) <= MOST else [names[0], names[len(names) // 2], names[-1]]


def panels(snapshots: Snapshots, what: str, names: Sequence[str]) -> list[tuple[str, str]]:
    """Return every (layer, name) for which any snapshot holds `what`."""
    return [
        (layer, name)
        for layer in layers(snapshots)
        for name in names
        if any(f"{layer}/{name}/{what}" in snapshot for of in snapshots.values() for snapshot in of)
    ]


def stacked(snapshots: Sequence[Snapshot], key: str) -> np.ndarray:
    """Return an array of all seeds that have it, (seeds, ...); lags that one lacks are NaN."""
    rows = [snapshot[key] for snapshot in snapshots if key in snapshot]
    width = max((len(values) for values in rows), default=0)
    return np.array([np.pad(values.astype(float), (0, width - len(values)), constant_values=np.nan) for values in rows])


def grid(figure: "Figure", count: int, wide: bool) -> "list[Axes]":
    """Return this many axes: two or three side by side on a wide page, one below the other on a narrow one."""
    across = (count if count < 3 else 2 if count == 4 else 3) if wide else 1
    down = -(-count // across)
    figure.set_figheight(figure.get_figheight() + 1.9 * (down - 1))
    axes = figure.subplots(down, across, squeeze=False)
    for spare in axes.flat[count:]:
        spare.set_visible(False)
    return list(axes.flat[:count])


def lines(figure: "Figure", snapshots: Snapshots, shown: Sequence[Ink], wide: bool, what: str, x: str, y: str) -> None:
    """Draw a statistic of both states over lags or steps, mean and range over seeds, a panel for each layer and state."""
    pairs = panels(snapshots, what, list(STATES))
    for axes, (layer, state) in zip(grid(figure, len(pairs), wide), pairs, strict=True):
        for ink in shown:
            values = stacked(snapshots[ink.name], f"{layer}/{state}/{what}")
            if values.size:
                _band(axes, values, ink, zero=what != "size")
        axes.set_title(f"{layer}, {STATES[state]}")
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        ticks(axes.xaxis, integer=True)
        if what != "size":
            axes.set_yscale("log")
            _plain_log(axes.yaxis)
    legend(figure, shown, wide, "-")


def _plain_log(axis: "Axis") -> None:
    """Label a log scale at few plain numbers, however little it spans."""
    from matplotlib import ticker

    low, high = axis.get_view_interval()
    close = low > 0 and high < 30 * low
    axis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5) if close else (1,), numticks=5))
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: scientific(value)))
    axis.set_minor_locator(ticker.NullLocator())


def _band(axes: "Axes", values: np.ndarray, ink: Ink, zero: bool) -> None:
    if zero:
        values = np.where(values > 0, values, np.nan)  # a log scale has no zero
    seen = np.flatnonzero(np.isfinite(values).any(axis=0))
    if not len(seen):
        return
    mean, low, high = (take(values[:, seen], axis=0) for take in (np.nanmean, np.nanmin, np.nanmax))
    tip = ink.says(f"{mean[0]:.3g} at {seen[0]}, {mean[-1]:.3g} at {seen[-1]}")
    axes.plot(seen, mean, color=ink.color, linewidth=1.5, gid=tip, marker="o" if len(seen) == 1 else None)
    axes.fill_between(seen, low, high, color=ink.color, alpha=0.14, linewidth=0, gid=ink.says(""))


def histograms(figure: "Figure", snapshots: Snapshots, shown: Sequence[Ink], wide: bool) -> None:
    """Draw the distribution of each gate's activation, all seeds together."""
    pairs = panels(snapshots, "histogram", GATES)
    for axes, (layer, gate) in zip(grid(figure, len(pairs), wide), pairs, strict=True):
        for ink in shown:
            every = stacked(snapshots[ink.name], f"{layer}/{gate}/histogram")
            if every.size:
                counts = every.sum(axis=0)
                edges = np.linspace(0, 1, len(counts) + 1)
                axes.stairs(counts / counts.sum() * len(counts), edges, color=ink.color, linewidth=1.3, gid=ink.says(gate))
        axes.set_title(f"{layer}, {gate}")
        axes.set_xlim(0, 1)
        axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        axes.set_ylim(bottom=0)
        ticks(axes.yaxis, nbins=4)
        axes.set_ylabel("density")
    legend(figure, shown, wide, "-")


def saturated(figure: "Figure", snapshots: Snapshots, shown: Sequence[Ink], wide: bool) -> None:
    """Draw the fractions of the steps at which gates are nearly shut (hollow) and nearly open (full), one row per variant."""
    pairs = panels(snapshots, "below", GATES)
    every = grid(figure, len(pairs), wide)
    figure.set_figheight(figure.get_figheight() + 0.16 * len(shown) * len(every) / (3 if wide else 1))
    for axes, (layer, gate) in zip(every, pairs, strict=True):
        for row, ink in enumerate(shown):
            for what, face in (("below", color("paper")), ("above", ink.color)):
                parts = [
                    float(snapshot[f"{layer}/{gate}/{what}"].mean())
                    for snapshot in _with(snapshots[ink.name], f"{layer}/{gate}/{what}")
                ]
                for part in parts:
                    tip = ink.says(f"{gate} {what} {'0.1' if what == 'below' else '0.9'}: {100 * part:.0f} %")
                    axes.plot(100 * part, row, ink.marker, color=ink.color, markerfacecolor=face, markersize=5, gid=tip)
        _name_rows(axes, shown, f"{layer}, {gate}", "% of steps")
        axes.set_xlim(-3, 103)


def time_constants(figure: "Figure", snapshots: Snapshots, shown: Sequence[Ink], wide: bool) -> None:
    """Draw the units' time constants, one row per variant: 5th to 95th percentile, the middle half thick, the median."""
    pairs = [(layer, "retained") for layer, _ in panels(snapshots, "time_constant", ["retained"])]
    every = grid(figure, len(pairs), wide)
    figure.set_figheight(figure.get_figheight() + 0.16 * len(shown) * (1 if wide else len(every)))
    for axes, (layer, gate) in zip(every, pairs, strict=True):
        for row, ink in enumerate(shown):
            units = [
                snapshot[f"{layer}/{gate}/time_constant"]
                for snapshot in _with(snapshots[ink.name], f"{layer}/{gate}/time_constant")
            ]
            if not units:
                continue
            at = np.minimum(np.quantile(np.concatenate(units), [0.05, 0.25, 0.5, 0.75, 0.95], method="nearest"), 1e4)
            at = np.maximum(at, 1e-2)
            tip = ink.says(f"median {at[2]:.3g} steps, middle half {at[1]:.3g} to {at[3]:.3g}")
            axes.plot(at[[0, 4]], [row, row], color=ink.color, linewidth=1, gid=tip)
            axes.plot(at[[1, 3]], [row, row], color=ink.color, linewidth=4, alpha=0.5, solid_capstyle="butt", gid=tip)
            axes.plot(at[2], row, ink.marker, color=ink.color, markersize=6, gid=tip)
        axes.set_xscale("log")
        _plain_log(axes.xaxis)
        _name_rows(axes, shown, layer, "time constant in steps")


def _with(snapshots: Sequence[Snapshot], key: str) -> Iterator[Snapshot]:
    return (snapshot for snapshot in snapshots if key in snapshot)


def _name_rows(axes: "Axes", shown: Sequence[Ink], title: str, label: str) -> None:
    axes.set_yticks(range(len(shown)), [shorter(ink.name, 16) for ink in shown])
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.set_title(title)
    axes.set_xlabel(label)


def heat_maps(figure: "Figure", snapshots: Snapshots, shown: Sequence[Ink], wide: bool) -> None:
    """Draw the gates of the top layer over the tokens of one sequence, each a map, variant by variant; units sorted by mean."""
    pairs = [(ink, gate) for ink in shown for gate in _gates(snapshots[ink.name])]
    every = grid(figure, len(pairs), wide)
    for axes, (ink, gate) in zip(every, pairs, strict=True):
        snapshot = snapshots[ink.name][0]
        values = snapshot[f"{_top(snapshot)}/{gate}/heat"]
        values = values[np.isfinite(values).all(axis=1)].T
        values = values[np.argsort(-values.mean(axis=1))]
        image = axes.imshow(values, aspect="auto", cmap="viridis", vmin=0, vmax=1, interpolation="none")
        shut, opened = (values < 0.1).mean(), (values > 0.9).mean()
        axes.set_gid(ink.says(f"{gate}: mean {values.mean():.2f}, below 0.1 {shut:.0%}, above 0.9 {opened:.0%}"))
        axes.set_title(f"{shorter(ink.name, 18)}, {gate}")
        axes.set_yticks([])
        axes.grid(visible=False)
        _tokens(axes, snapshot.get("tokens"), values.shape[1], wide)
    figure.colorbar(image, ax=every, location="bottom", shrink=0.4, aspect=30, label="gate activation")


def _top(snapshot: Snapshot) -> str:
    return max(key.split("/")[0] for key in snapshot if "/" in key)


def _gates(snapshots: Sequence[Snapshot]) -> list[str]:
    return [gate for gate in GATES if snapshots and f"{_top(snapshots[0])}/{gate}/heat" in snapshots[0]]


def _tokens(axes: "Axes", tokens: np.ndarray | None, steps: int, wide: bool) -> None:
    """Name the steps by their tokens, where these are few enough to be read."""
    if tokens is None or steps > 40 or not wide:
        axes.set_xlabel("step")
        return
    axes.set_xticks(range(steps), [shorter(str(token), 8) for token in tokens[:steps]], rotation=90, fontsize=5.5)
