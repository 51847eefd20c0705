"""Forecast and truth over the last steps of the test split, one seed of every variant."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from rnnlab.comparison.load import Runs
from rnnlab.documents import Fields, Record
from rnnlab.plots.comparison_plots import Picture, drawn
from rnnlab.plots.style import Ink, legend
from rnnlab.plots.svg import color
from rnnlab.storage.evaluation_files import read_forecast
from rnnlab.storage.store import RunRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STEPS = 120
"""Most steps that are drawn."""
TARGETS = 4
"""Most targets that are drawn."""
TITLE = "Forecast and truth"

LastForecasts = Record
"""The last forecasts of a run, see `rnnlab.inspection.forecasts.plotted`."""


def forecasts_of(runs: Runs) -> dict[str, LastForecasts]:
    """Return the forecasts of the first finished seed of every variant that has any."""
    first = {name: next(filter(None, map(_kept, of.values())), None) for name, of in runs.items()}
    return {name: kept for name, kept in first.items() if kept}


def _kept(run: RunRecord | None) -> LastForecasts | None:
    return read_forecast(run.folder) if run and run.result and run.result.forecast else None


def pictures(forecasts: Mapping[str, LastForecasts], shown: Sequence[Ink]) -> list[Picture]:
    """Return the picture of truth and forecasts, a panel a target; nothing where no run forecasts a series."""
    inks = [ink for ink in shown if ink.name in forecasts]
    if not inks:
        return []
    first = forecasts[inks[0].name]
    targets = list(first["targets"])[:TARGETS]
    ahead = f"{first['ahead']} step{'s' if first['ahead'] > 1 else ''} ahead"
    caption = (
        f"The last steps of the test split in the units of the data: the truth in black, the forecast {ahead} of each "
        "variant's first seed in colour, with the outermost quantiles where these are forecast, and persistence dotted."
    )

    draw = partial(_draw, forecasts=forecasts, inks=inks, targets=targets)
    told = "; ".join(f"{ink.name}: {_error(forecasts[ink.name], targets[0])}" for ink in inks)
    height = 1.0 + 2.4 * len(targets)
    return [drawn("forecast", TITLE, caption, told, draw, height, height)]


def _error(kept: LastForecasts, target: str) -> str:
    of = kept["targets"][target]
    error = np.subtract(*(np.array(of[name], np.float64)[-STEPS:] for name in ("forecast", "truth")))
    return f"root mean squared error of {target} over the steps drawn {np.sqrt(np.nanmean(error**2)):.4g}"


def _draw(
    figure: "Figure", wide: bool, forecasts: Mapping[str, LastForecasts], inks: Sequence[Ink], targets: Sequence[str]
) -> None:
    panels = figure.subplots(len(targets), 1, sharex=True, squeeze=False)[:, 0]
    for target, panel in zip(targets, panels, strict=True):
        first = forecasts[inks[0].name]
        steps, of = np.array(first["step"])[-STEPS:], first["targets"][target]
        panel.plot(steps, _last(of, "truth"), color=color("ink"), linewidth=1.4, gid="truth")
        panel.plot(steps, _last(of, "persistence"), color=color("muted"), linewidth=1, linestyle=":", gid="persistence")
        for ink in inks:
            _trace(panel, forecasts[ink.name], target, ink)
        panel.set_ylabel(target)
    panels[-1].set_xlabel("step")
    legend(figure, inks, wide, "-")


def _trace(panel: "Axes", kept: LastForecasts, target: str, ink: Ink) -> None:
    of, steps = kept["targets"][target], np.array(kept["step"])[-STEPS:]
    panel.plot(steps, _last(of, "forecast"), color=ink.color, linewidth=1.2, gid=ink.says("forecast"))
    bounds = list(of["quantiles"].values())
    if len(bounds) > 1:
        low, high = (np.array(bound, np.float64)[-STEPS:] for bound in (bounds[0], bounds[-1]))
        panel.fill_between(steps, low, high, color=ink.color, alpha=0.14, linewidth=0, gid=ink.says("quantiles"))


def _last(of: Fields, name: str) -> np.ndarray:
    return np.array(of[name], np.float64)[-STEPS:]
