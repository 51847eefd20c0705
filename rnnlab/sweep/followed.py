"""A display that also reports the end of every epoch to a function."""

from collections.abc import Callable, Mapping

from rnnlab.config import RunSpec
from rnnlab.progress.base import Display, Shown
from rnnlab.storage.run_result import RunResult

Hear = Callable[[RunSpec], None]


class _Run:
    def __init__(self, shown: Shown, hear: Callable[[], None]):
        self._shown, self._hear = shown, hear

    def begin_epoch(self, epoch: int) -> None:
        self._shown.begin_epoch(epoch)

    def batch(self, share: float) -> None:
        self._shown.batch(share)

    def end_epoch(self, logs: Mapping[str, float]) -> None:
        self._shown.end_epoch(logs)
        self._hear()

    def end(self, result: RunResult) -> None:
        self._shown.end(result)


class Followed:
    """Shows what another display shows, and calls `hear` with the run once its folder holds another epoch."""

    def __init__(self, display: Display, hear: Hear):
        self._display, self._hear = display, hear

    def say(self, text: str) -> None:
        """Show a line that stays."""
        self._display.say(text)

    def begin(self, spec: RunSpec, unit: str) -> Shown:
        """A run begins."""
        return _Run(self._display.begin(spec, unit), lambda: self._hear(spec))

    def elsewhere(self, spec: RunSpec) -> None:
        """Another process has made a run."""
        self._display.elsewhere(spec)
