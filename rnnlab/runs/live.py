"""The display on a terminal: two bars that move, one for all runs and one for the current run."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from rnnlab.config import RunSpec
from rnnlab.data.dataset import Dataset
from rnnlab.runs.progress import Lines

if TYPE_CHECKING:
    import keras


class Live(Lines):
    """The bars, and a line that stays of every run that has ended."""

    def __init__(self, runs: int, epochs: int, console: Console | None = None):
        super().__init__(runs, epochs)
        columns = TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.fields[text]}", markup=False)
        self.bars = Progress(*columns, console=console)
        self.all = self.bars.add_task("all runs", total=epochs, text="")
        self.one = self.bars.add_task("", total=1, text="")

    def __enter__(self) -> Self:
        self.bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.bars.stop()

    def say(self, text: str) -> None:
        """Show a line that stays, above the bars."""
        self.bars.console.print(text, markup=False, highlight=False)

    def begin(self, spec: RunSpec, dataset: Dataset) -> "keras.callbacks.Callback":
        """A run begins."""
        callback = super().begin(spec, dataset)
        epochs = spec.config.training.epochs
        self.bars.update(self.one, description=self.title, total=epochs, completed=0, text="compiling")
        return callback

    def batch(self, share: float) -> None:
        """Move the bars."""
        super().batch(share)
        self.bars.update(self.one, completed=self.epoch + share)
        self._move()

    def end_epoch(self, logs: Mapping[str, float]) -> None:
        """Show the figures of the epoch beside the bar."""
        self.epoch += 1
        self.bars.update(self.one, text=self.figures(logs))

    def end(self, result: Mapping[str, Any]) -> None:
        """Leave a line."""
        super().end(result)
        self._move()
        if result["status"] == "done":
            best = result["metrics"][result["monitor"]]
            self.say(f"{self.title}  {result['monitor']} {best:.4g} at epoch {result['best_epoch']}")

    def _move(self) -> None:
        self.bars.update(self.all, completed=self.done, total=self.epochs, text=f"{self.left} left")
