"""The calibration of every variant's predictions: reliability or coverage, of usual and of averaged predictions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from rnnlab.comparison.load import Runs
from rnnlab.documents import Fields, Record
from rnnlab.plots.comparison_plots import Picture, drawn
from rnnlab.plots.style import Ink, legend
from rnnlab.plots.svg import color
from rnnlab.report.tables import Column, TableCell
from rnnlab.statistics.intervals import Estimate, mean_interval
from rnnlab.statistics.rounding import decimals, fixed
from rnnlab.storage.evaluation_files import read_calibration
from rnnlab.storage.store import RunRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WAYS = {"usual": "usual prediction", "mc": "Monte Carlo"}
"""The two ways to predict, by their names in calibration.json."""


@dataclass(frozen=True)
class ReliabilityCurve:
    """The confidence and the accuracy of one variant's predictions, all its seeds together."""

    promised: np.ndarray
    """Mean confidence of a bin, or the level of an interval."""
    kept: np.ndarray
    """The accuracy of a bin, or the coverage of an interval."""
    count: np.ndarray
    """The number of predictions; empty where every one counts at every level."""


Calibration = Mapping[str, Mapping[str, ReliabilityCurve]]
"""By variant and way."""


def calibration_of(runs: Runs) -> dict[str, dict[str, ReliabilityCurve]]:
    """Return the calibration of every variant that has any, from the folders of its finished runs."""
    calibrated = {name: [kept for run in of.values() if run and (kept := _kept(run))] for name, of in runs.items()}
    return {name: {way: _line([kept[way] for kept in of]) for way in WAYS} for name, of in calibrated.items() if of}


def _kept(run: RunRecord) -> Record | None:
    return read_calibration(run.folder) if run.result and run.result.calibration else None


def _line(parts: Sequence[Fields]) -> ReliabilityCurve:
    if "level" in parts[0]:
        return ReliabilityCurve(np.array(parts[0]["level"]), np.mean([part["covered"] for part in parts], axis=0), np.zeros(0))
    counts = np.array([part["count"] for part in parts])
    total = counts.sum(axis=0)
    sums = ((counts * np.array([part[name] for part in parts])).sum(axis=0) for name in ("confidence", "accuracy"))
    promised, kept = (values[total > 0] / total[total > 0] for values in sums)
    return ReliabilityCurve(promised, kept, total[total > 0])


def pictures(calibration: Calibration, shown: Sequence[Ink]) -> list[Picture]:
    """Return the reliability diagram, or for predicted numbers the coverage of intervals; nothing where no run has any."""
    inks = [ink for ink in shown if ink.name in calibration]
    if not inks:
        return []
    numbers = not calibration[inks[0].name]["usual"].count.size
    title, caption = _COVERAGE if numbers else _RELIABILITY
    told = "; ".join(f"{ink.name}: {_worst(calibration[ink.name])}" for ink in inks)

    draw = partial(_draw, calibration=calibration, inks=inks, numbers=numbers)
    return [drawn("calibration", title, caption, told, draw, 4.6, 6.6)]


_RELIABILITY = (
    "Are confident predictions right?",
    "Each mark is a bin of predictions, all seeds together: their mean confidence and their accuracy. The larger the mark, the "
    "more predictions. On the diagonal the two are equal; below it the model is overconfident.",
)
_COVERAGE = (
    "Do intervals cover what they claim?",
    "The fraction of the test targets inside the interval of each level, mean over seeds. On the diagonal this coverage equals "
    "the level; below it the intervals are too narrow.",
)


def _worst(ways: Mapping[str, ReliabilityCurve]) -> str:
    gaps = {WAYS[way]: line.kept - line.promised for way, line in ways.items()}
    return ", ".join(f"{way} largest gap {gap[np.abs(gap).argmax()]:+.2f}" for way, gap in gaps.items())


def _draw(figure: "Figure", wide: bool, calibration: Calibration, inks: Sequence[Ink], numbers: bool) -> None:
    most = max(max(line.promised.max(), line.kept.max()) for ink in inks for line in calibration[ink.name].values())
    end = min(1.0, np.ceil(5 * most + 0.01) / 5)  # a language model is rarely sure
    axes = figure.subplots(*((1, 2) if wide else (2, 1)), sharex=True, sharey=True)
    for (way, words), panel in zip(WAYS.items(), axes, strict=True):
        panel.plot([0, 1], [0, 1], color=color("muted"), linewidth=1, linestyle=(0, (4, 2)))
        for ink in inks:
            _trace(panel, calibration[ink.name][way], ink, words)
        panel.set_title(words[0].upper() + words[1:])
        panel.set_xlim(0, end)
        panel.set_ylim(0, end)
        for axis in (panel.xaxis, panel.yaxis):
            axis.set_major_formatter("{x:g}")
        panel.set_ylabel("coverage" if numbers else "accuracy")
        panel.label_outer()
    axes[-1].set_xlabel("level of the interval" if numbers else "confidence")
    axes[0].set_xlabel(axes[-1].get_xlabel() if wide else "")
    legend(figure, inks, wide, "-")


def _trace(panel: "Axes", line: ReliabilityCurve, ink: Ink, way: str) -> None:
    panel.plot(line.promised, line.kept, color=ink.color, linewidth=1.4, gid=ink.says(way))
    sizes = 3 + 5 * np.sqrt(line.count / line.count.max()) if line.count.size else np.full(len(line.kept), 3.5)
    x_name, y_name = ("confidence", "accuracy") if line.count.size else ("level", "coverage")
    for x, y, size, n in zip(line.promised, line.kept, sizes, line.count if line.count.size else [0] * len(sizes), strict=True):
        told = f"{way}: {x_name} {x:.2f}, {y_name} {y:.2f}" + (f" of {n:,}" if n else "")
        panel.plot(x, y, ink.marker, color=ink.color, markersize=size, markeredgewidth=0, alpha=0.8, gid=ink.says(told))


_METRICS = {
    "negative_log_likelihood": ("NLL", "negative log-likelihood in nats, lower is better"),
    "brier_score": ("Brier", "sum over the classes of the squared error of their probabilities, 0 to 2, lower is better"),
    "expected_calibration_error": ("ECE", "mean |confidence - accuracy| over bins of equal width, lower is better"),
    "coverage_90": ("90 % coverage", "fraction of the targets inside their 90 % intervals"),
    "coverage_error": ("coverage error", "mean |level - coverage| over the levels of the intervals, lower is better"),
    "mutual_information": ("BALD", "mutual information of prediction and weights in nats, which more data could reduce"),
    "predictive_deviation": ("deviation", "root of the mean variance over the samples"),
}
"""The columns of the table: the name among a run's metrics, its title, what it means."""


def columns(runs: Runs, calibration: Calibration) -> list[Column]:
    """Return the table of the variants that have a calibration, each metric as usual and by samples; empty where none has."""
    names = list(calibration)
    table = [Column("variant", "", [TableCell(name, name) for name in names], words=True)] if names else []
    for metric, (title, meaning) in _METRICS.items():
        for prefix, way in (("test_", ""), ("test_mc_", " MC")):
            means = [_mean(runs[name].values(), f"{prefix}{metric}") for name in names]
            if any(mean.n for mean in means):
                places = max(3, *(decimals(mean.sd) for mean in means if mean.sd), 0)
                said = f"{meaning}; {WAYS['mc' if way else 'usual']}, mean over seeds"
                table.append(Column(title + way, said, [TableCell(fixed(mean.mean, places), mean.mean) for mean in means]))
    return table


def _mean(runs: Iterable[RunRecord | None], metric: str) -> Estimate:
    done = [run.result.metrics.get(metric) for run in runs if run and run.result and run.result.status == "done"]
    return mean_interval([value for value in done if value is not None])
