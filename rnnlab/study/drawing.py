"""The plots of the report on anybody's Matplotlib axes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rnnlab.comparison.compare import Comparison, compared
from rnnlab.comparison.load import Runs, gather
from rnnlab.plots import learning_curves, strips
from rnnlab.plots.style import Ink, inks
from rnnlab.plots.svg import light

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Plot:
    """Each method draws on `axes`, or on new ones, and returns them."""

    folder: Path

    def curves(self, axes: "Axes | None" = None, metric: str | None = None) -> "Axes":
        """Draw the mean over seeds of each variant by epoch: validation solid with its 95 % interval, training dashed.

        `metric` is the monitored one unless named, such as `loss`.
        """
        with self._drawn(axes) as (its, comparison, shown, runs):
            stem = metric or comparison.stem.replace(" ", "_")
            curves = {name: learning_curves.curves_of(of, stem) for name, of in runs.items()}
            shown = [ink for ink in shown if curves[ink.name].validation.size]
            learning_curves.draw(its, curves, shown, stem.replace("_", " "), comparison.log)
            _name(its, shown)
        return its

    def differences(self, axes: "Axes | None" = None) -> "Axes":
        """Draw each seed's difference from the baseline, and their mean with its simultaneous interval."""
        return self._rows(axes, strips.differences)

    def seeds(self, axes: "Axes | None" = None) -> "Axes":
        """Draw the metric of every seed; a line joins the runs of one seed."""
        return self._rows(axes, strips.seeds)

    def gap(self, axes: "Axes | None" = None) -> "Axes":
        """Draw the generalisation gap: training (hollow) and validation (full) at the chosen epoch."""
        return self._rows(axes, strips.gap)

    def _rows(self, axes: "Axes | None", draw: Callable[..., None]) -> "Axes":
        with self._drawn(axes) as (its, comparison, shown, _):
            draw(its, comparison, shown, True)
        return its

    @contextmanager
    def _drawn(self, axes: "Axes | None") -> Iterator[tuple["Axes", Comparison, list[Ink], Runs]]:
        gathered = gather([self.folder])
        comparison = compared(gathered)
        if axes is None:
            from matplotlib import pyplot

            axes = pyplot.subplots(layout="constrained")[1]
        with light():
            yield axes, comparison, inks(comparison), gathered.runs


def _name(axes: "Axes", shown: list[Ink]) -> None:
    from matplotlib.lines import Line2D

    lines = [Line2D([], [], color=ink.color) for ink in shown]
    axes.legend(lines, [ink.name for ink in shown], frameon=False)
