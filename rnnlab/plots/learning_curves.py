"""Learning curves: training and validation over epochs, mean over seeds with its 95 % interval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnnlab.documents import Record
from rnnlab.plots.style import Ink, ticks
from rnnlab.plots.svg import color
from rnnlab.statistics.intervals import Array
from rnnlab.storage.store import RunRecord
from rnnlab.tensorboard.seed_means import band, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Curves:
    """One variant's monitored metric over epochs, (seeds, epochs); NaN after a seed has stopped."""

    train: Array
    validation: Array


def curves_of(runs: Mapping[int, RunRecord | None], metric: str) -> Curves:
    """Return the curves of `metric`, such as perplexity, over the epochs that a variant's runs recorded."""
    epochs = [run.epochs for run in runs.values() if run and run.epochs]
    of = {split: [[one.splits[split].get(metric) for one in run] for run in epochs] for split in ("train", "validation")}
    return Curves(table(of["train"]), table(of["validation"]))


def draw(axes: "Axes", curves: Mapping[str, Curves], shown: Sequence[Ink], label: str, log: bool) -> None:
    """Draw validation solid with its band, training dashed; paler from where the first seed has stopped."""
    for ink in shown:
        for values, dashes in ((curves[ink.name].train, (4, 2)), (curves[ink.name].validation, (1, 0))):
            _line(axes, values, ink, dashes)
    _limit(axes, [values for ink in shown for values in vars(curves[ink.name]).values()])
    axes.set_ylabel(label)
    _epochs(axes)
    if log:
        _log_scale(axes)


def differences(axes: "Axes", curves: Mapping[str, Curves], shown: Sequence[Ink], baseline: str, label: str) -> None:
    """Draw validation minus that of the baseline, the mean over the seeds that both have, with its band."""
    axes.axhline(0, color=color("muted"), linewidth=1)
    base = curves[baseline].validation if baseline in curves else np.empty((0, 0))
    against_baseline = {ink: _minus(curves[ink.name].validation, base) for ink in shown if ink.name != baseline}
    for ink, values in against_baseline.items():
        _line(axes, values, ink, (1, 0))
    _limit(axes, [*against_baseline.values()])
    axes.set_ylabel(f"{label} minus {baseline}")
    _epochs(axes)


def _minus(values: Array, base: Array) -> Array:
    seeds, epochs = (min(one, other) for one, other in zip(values.shape, base.shape, strict=True))
    return values[:seeds, :epochs] - base[:seeds, :epochs]


def _limit(axes: "Axes", of: Sequence[Array]) -> None:
    """Scale the axis to the curves after their first epoch, which dwarfs all later ones; bands and outliers may leave it."""
    later = [values[:, 1:] if values.shape[1] > 2 else values for values in of]
    seen = np.concatenate([np.zeros(0), *(values[np.isfinite(values)] for values in later)])
    if seen.size:
        low, middle, high = np.quantile(seen, [0.25, 0.5, 0.75])
        seen = seen[abs(seen - middle) <= _FAR * max(high - low, abs(middle))]
    if seen.size and np.ptp(seen):  # the interval of two seeds may be many times as wide as their curves
        axes.set_ylim(seen.min() - 0.05 * np.ptp(seen), seen.max() + 0.05 * np.ptp(seen))


_FAR = 6
"""Values farther from the median than this many interquartile ranges, or medians, do not scale the axis."""


def _epochs(axes: "Axes") -> None:
    axes.set_xlabel("epoch")
    ticks(axes.xaxis, integer=True, min_n_ticks=1)


def _line(axes: "Axes", values: Array, ink: Ink, dashes: tuple[float, float]) -> None:
    seeds = np.isfinite(values).sum(axis=0)
    last = int((seeds > 0).sum())
    if not last or not len(values):
        return
    values, epochs = values[:, :last], np.arange(1, last + 1)
    mean, low, high, _ = band(values)
    whole = int((seeds == seeds[0]).sum())
    style: Record = {"color": ink.color, "dashes": dashes, "linewidth": 1.5, "gid": ink.says("")}
    axes.plot(epochs[:whole], mean[:whole], **style, marker="o" if last == 1 else None)
    axes.plot(epochs[whole - 1 :], mean[whole - 1 :], **style, alpha=0.45)
    if dashes == (1, 0):
        axes.fill_between(epochs, low, high, color=ink.color, alpha=0.14, linewidth=0, gid=ink.says(""))


def _log_scale(axes: "Axes") -> None:
    """Use a log scale with plain numbers where the values span more than a factor of 2."""
    from matplotlib import ticker

    low, high = axes.get_ylim()
    if low <= 0 or high < 2 * low:
        return
    axes.set_yscale("log")
    few = high < 4 * low  # marks on a log axis
    axes.yaxis.set_major_locator(ticker.MaxNLocator(5) if few else ticker.LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(ticker.NullLocator())
