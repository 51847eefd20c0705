"""What a tracker is, what it is told, and how one is registered."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol

from rnnlab.choice import DeclaredPart, DeclaredParts
from rnnlab.section import Section


@dataclass(frozen=True)
class Told:
    """A finished run, as a tracker is told of it."""

    experiment: str
    variant: str
    seed: int
    fingerprint: str
    """What the run is known by: equal where config and seed are."""
    status: str
    """done, diverged or failed."""
    error: str | None
    """Why it is not done."""
    parameters: dict[str, Any]
    """The values of its config by dotted path."""
    epochs: list[tuple[int, dict[str, float]]]
    """The metrics of every epoch, counted from 1: train/loss, validation/loss, learning_rate."""
    metrics: dict[str, float]
    """The metrics at the best epoch: test_loss, val_loss."""
    weights: Path | None
    """The file of the weights of the best epoch, where there are some."""

    @property
    def name(self) -> str:
        """What a reader knows it by."""
        return f"{self.variant}/seed-{self.seed}"


class Tracker(Protocol):
    """Takes finished runs and the report of their experiment; what it raises stops no run."""

    def run(self, told: Told) -> None:
        """Take a finished run."""

    def report(self, experiment: str, path: Path) -> None:
        """Take the report of an experiment, an HTML file."""


class TrackerConfig(Section):
    """Where finished runs are told; each registered tracker adds its options."""

    name: str
    """The name of the tracker."""


TRACKERS = DeclaredParts("tracker", TrackerConfig, DeclaredPart)
"""The trackers by their names in `trackers:`."""


def tracker(name: str, *, options: type[Section] = Section) -> Callable[[Any], Any]:
    """Register a class as a tracker by name: its constructor takes the `options` by their names, its methods are `Tracker`'s.

    Raises ValueError for a name that is taken.
    """
    return TRACKERS.register(name, options)


AnyTracker = Annotated[TrackerConfig, TRACKERS.choice]
"""The section of any registered tracker."""


def made(config: TrackerConfig) -> Tracker:
    """Return the tracker of a section."""
    tracker: Tracker = TRACKERS.made(config)
    return tracker
