"""The interface of trackers, the records they receive, and their registration."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Protocol

from rnnlab.choice import DeclaredPart, DeclaredParts, Part
from rnnlab.documents import Record
from rnnlab.section import Section


@dataclass(frozen=True)
class Begun:
    """A run that begins or continues, as reported to a tracker."""

    experiment: str
    variant: str
    seed: int
    fingerprint: str
    """The fingerprint of the run: equal where config and seed are equal."""
    parameters: Record
    """The values of its config by dotted path."""

    @property
    def name(self) -> str:
        """The name for readers."""
        return f"{self.variant}/seed-{self.seed}"


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    status: str
    """done, diverged or failed."""
    error: str | None
    """Why the run diverged or failed."""
    epochs: int
    """The number of epochs."""
    metrics: dict[str, float]
    """The metrics at the best epoch: test_loss, val_loss."""
    weights: Path | None
    """The file of the weights of the best epoch, if there are any."""


class Tracker(Protocol):
    """Follows runs: it receives the beginning, every epoch and the end of each, in this order and from one thread.

    Parallel runs take turns. An exception in a tracker stops no run: the tracker is left out until the next command.
    """

    def begin(self, run: Begun, known: str | None) -> str:
        """Begin a run, or continue the one that is `known` by what an earlier call returned; return what it is known by.

        Return another name if the known run is gone: all epochs are then sent again.
        """

    def epoch(self, known: str, epoch: int, metrics: dict[str, float]) -> None:
        """An epoch, counted from 1, has ended with these metrics, if finite: train/loss, validation/loss, learning_rate."""

    def end(self, known: str, run: Begun, ended: Ended) -> None:
        """A run has ended."""

    def report(self, experiment: str, path: Path) -> None:
        """The HTML report of an experiment has been written."""


class TrackerConfig(Section):
    """A tracker that follows the runs outside their own folders; each registered tracker adds its options."""

    name: str
    """The name of the tracker."""


TRACKERS = DeclaredParts("tracker", TrackerConfig, DeclaredPart)
"""The trackers by their names in `trackers:`."""


def tracker(name: str, *, options: type[Section] = Section) -> Callable[[Part], Part]:
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
