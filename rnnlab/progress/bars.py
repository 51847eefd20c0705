"""The display on a terminal: bars that move, one for all runs and one for every run that is being made."""

from collections.abc import Mapping
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from rnnlab.config import RunSpec
from rnnlab.progress.lines import Line, Lines


class Live(Lines):
    """The bars, and a line that stays of every run that has ended."""

    def __init__(self, runs: int, epochs: int, console: Console | None = None):
        super().__init__(runs, epochs)
        columns = TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.fields[text]}", markup=False)
        self.bars = Progress(*columns, console=console)
        self.all = self.bars.add_task("all runs", total=epochs, text="")

    def __enter__(self) -> Self:
        self.bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.bars.stop()

    def say(self, text: str) -> None:
        """Show a line that stays, above the bars."""
        self.bars.console.print(text, markup=False, highlight=False)

    def line(self, spec: RunSpec, unit: str, number: int) -> "Bar":
        """Return the bar of one run; the one of a try that was cut off goes."""
        if isinstance(before := self.shown.get(spec), Bar):
            before.remove()
        return Bar(self, spec, unit, number)

    def move(self) -> None:
        """Move the bar of all runs."""
        self.bars.update(self.all, completed=self.done, total=self.epochs, text=f"{self.left} left")


class Bar(Line):
    """One run as a bar, as long as it is being made."""

    display: Live

    def __init__(self, display: Live, spec: RunSpec, unit: str, number: int):
        super().__init__(display, spec, unit, number)
        self.bar = display.bars.add_task(self.title, total=spec.config.training.epochs, text="compiling")

    def batch(self, share: float) -> None:
        """Move the bars."""
        super().batch(share)
        self.display.bars.update(self.bar, completed=self.epoch + share)
        self.display.move()

    def end_epoch(self, logs: Mapping[str, float]) -> None:
        """Show the figures of the epoch beside the bar."""
        self.epoch += 1
        self.display.bars.update(self.bar, text=self.figures(logs), refresh=True)

    def end(self, result: Mapping[str, Any]) -> None:
        """Leave a line."""
        super().end(result)
        self.remove()
        self.display.move()
        if result["status"] == "done":
            best = result["metrics"][result["monitor"]]
            self.display.say(f"{self.title}  {result['monitor']} {best:.4g} at epoch {result['best_epoch']}")

    def remove(self) -> None:
        """Take the bar away."""
        if self.bar in self.display.bars.task_ids:
            self.display.bars.remove_task(self.bar)
