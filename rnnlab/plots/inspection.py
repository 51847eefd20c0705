"""Pictures of what is inside the cells of runs, side by side: in the report, and in the folder of a run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rnnlab import files
from rnnlab.comparison.load import Runs
from rnnlab.inspection.archive import END, Snapshot, read
from rnnlab.plots import inspection_panels
from rnnlab.plots.comparison_plots import WIDE, Picture, drawn
from rnnlab.plots.inspection_panels import Snapshots
from rnnlab.plots.style import Ink
from rnnlab.plots.svg import color, png, standalone
from rnnlab.storage.store import INSPECTION, RunRecord

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rnnlab.trained.inspect_run import Inspected


@dataclass(frozen=True)
class _InspectionPlot:
    """How one picture is drawn from the snapshots of several variants."""

    title: str
    caption: str
    draw: Callable[["Figure", Snapshots, Sequence[Ink], bool], None]
    says: Callable[[Sequence[Snapshot]], str]
    """What the snapshots of all seeds show, in words, for readers who cannot see the picture; empty where nothing is drawn."""


def snapshots_of(runs: Runs) -> dict[str, list[Snapshot]]:
    """Return the snapshots that the runs of each variant have kept; variants without any are left out."""
    kept = {name: [snapshot for run in of.values() if run and (snapshot := _kept(run))] for name, of in runs.items()}
    return {name: of for name, of in kept.items() if of}


def _kept(run: RunRecord) -> Snapshot | None:
    """The snapshot at the end of a completed run, where there is an undamaged one."""
    if not run.result or run.result.status != "done":
        return None
    try:
        return read(run.folder / INSPECTION / END)
    except (OSError, ValueError):
        return None


def pictures(snapshots: Snapshots, shown: Sequence[Ink]) -> list[Picture]:
    """Return the pictures for which there are snapshots; variants without any are not drawn."""
    shown = [ink for ink in shown if ink.name in snapshots]
    return [_picture(name, plot, snapshots, shown) for name, plot in _PLOTS.items() if _told(plot, snapshots, shown)]


def _told(plot: _InspectionPlot, snapshots: Snapshots, shown: Sequence[Ink]) -> str:
    told = {ink.name: plot.says(snapshots[ink.name]) for ink in shown}
    return "; ".join(f"{name}: {part}" for name, part in told.items() if part)


def _picture(name: str, plot: _InspectionPlot, snapshots: Snapshots, shown: Sequence[Ink]) -> Picture:
    told = _told(plot, snapshots, shown)
    draw = partial(_drawn, plot=plot, snapshots=snapshots, shown=shown)
    return drawn(f"inside-{name}", plot.title, plot.caption, told, draw, 2.6, 2.6)


def _drawn(figure: "Figure", wide: bool, plot: _InspectionPlot, snapshots: Snapshots, shown: Sequence[Ink]) -> None:
    plot.draw(figure, snapshots, shown, wide)


def inspect(folder: str | Path, seed: int | None = None) -> "list[Inspected]":
    """Inspect as `rnnlab.trained.inspect_run.inspect` does, and write each picture of each run beside the arrays, as SVG and
    PNG."""
    from rnnlab.trained import inspect_run as runs

    inspected = runs.inspect(folder, seed)
    for one in inspected:
        snapshots = {one.run.parent.name: [one.snapshot]}
        for name, plot in _PLOTS.items():
            if _told(plot, snapshots, _inks(snapshots)):
                stem = one.file.parent / f"{one.file.stem}-{name}"
                files.write(Path(f"{stem}.svg"), standalone(_picture(name, plot, snapshots, _inks(snapshots)).wide))
                files.write(Path(f"{stem}.png"), png((WIDE, 2.6), partial(_draw, plot, snapshots)))
    return inspected


def _draw(plot: _InspectionPlot, snapshots: Snapshots, figure: "Figure") -> None:
    plot.draw(figure, snapshots, _inks(snapshots), True)


def _inks(snapshots: Snapshots) -> list[Ink]:
    return [Ink(name, color("series-1"), "o", "series-0") for name in snapshots]


def _means(snapshots: Sequence[Snapshot], what: str, names: Sequence[str], form: str = "{:.2f}") -> str:
    means = {
        key: np.nanmean([np.nanmean(snapshot[key]) for snapshot in snapshots if key in snapshot])
        for key in _keys(snapshots, what)
    }
    return ", ".join(f"{_words(key)} {form.format(mean)}" for key, mean in means.items() if key.split("/")[1] in names)


def _ends(snapshots: Sequence[Snapshot], what: str) -> str:
    means = {key: np.nanmean(inspection_panels.stacked(snapshots, key), 0) for key in _keys(snapshots, what)}
    real = {key: np.flatnonzero(np.isfinite(value) & (value > 0)) for key, value in means.items()}
    return ", ".join(
        f"{_words(key)} {value[real[key][0]]:.2g} at {real[key][0]} and {value[real[key][-1]]:.2g} at {real[key][-1]}"
        for key, value in means.items()
        if len(real[key])
    )


def _keys(snapshots: Sequence[Snapshot], what: str) -> list[str]:
    """The arrays `layer/name/what` that any seed has."""
    return list(dict.fromkeys(key for snapshot in snapshots for key in snapshot if key.endswith(f"/{what}")))


def _words(key: str) -> str:
    return key.rsplit("/", 1)[0].replace("/", " ")


def _lines(what: str, x: str, y: str) -> Callable[["Figure", Snapshots, Sequence[Ink], bool], None]:
    return lambda figure, snapshots, shown, wide: inspection_panels.lines(figure, snapshots, shown, wide, what, x, y)


_PLOTS = {
    "flow": _InspectionPlot(
        "Gradient flow",
        "The norm of the gradient of the loss at step t with respect to the state k steps earlier, mean and range over seeds.",
        _lines("flow", "lag k", "|d loss / d state|"),
        partial(_ends, what="flow"),
    ),
    "memory": _InspectionPlot(
        "Memory of a changed token",
        "Distance of the states, k steps after one token of the sequence was replaced, from those of the original sequence; "
        "relative to lag 0, mean and range over seeds.",
        _lines("relative", "steps since the change", "relative distance"),
        partial(_ends, what="relative"),
    ),
    "states": _InspectionPlot(
        "Size of the states",
        "The Euclidean norm of hidden state h and cell state c over the steps, starting from a zero state.",
        _lines("size", "step", "norm"),
        partial(_means, what="size", names=("hidden", "cell")),
    ),
    "constants": _InspectionPlot(
        "Time constants",
        "The steps after which a unit's memory has faded to 1/e, by its forget or update gate and the noise on carried states. "
        "Thin: 90 % of the units; thick: the middle half; mark: the median.",
        inspection_panels.time_constants,
        partial(_means, what="time_constant", names=("retained",), form="{:.3g}"),
    ),
    "saturation": _InspectionPlot(
        "Saturated gates",
        "Hollow: the fraction of the steps at which a gate is below 0.1; full: above 0.9. Each mark is a seed.",
        inspection_panels.saturated,
        partial(_means, what="above", names=inspection_panels.GATES),
    ),
    "histograms": _InspectionPlot(
        "Distribution of the gates",
        "The distribution of every gate's activation over units, steps and examples, all seeds together.",
        inspection_panels.histograms,
        partial(_means, what="mean", names=inspection_panels.GATES),
    ),
    "gates": _InspectionPlot(
        "Gates over the tokens",
        "The gates of the top layer in one validation sequence, first seed. Each row is a unit; units are sorted by mean.",
        inspection_panels.heat_maps,
        lambda snapshots: _means(snapshots[:1], "mean", inspection_panels.GATES),
    ),
}
