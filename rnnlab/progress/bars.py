"""The display on a terminal: bars that move, one for all runs and one for every run that is being made."""

from collections.abc import Mapping
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from rnnlab.config import RunSpec
from rnnlab.progress.lines import Lines, RunLine
from rnnlab.storage.run_result import RunResult

BAR = 8
"""The least width of a bar, in columns of the terminal."""
TITLES = 0.45
"""The largest share of what a bar leaves that titles take; the rest is for texts."""
SPARED = ("throughput", "training", "epoch")
"""Which parts of a text give way, the first one first."""


class Live(Lines):
    """The bars, and a line that stays of every run that has ended."""

    def __init__(self, runs: int, epochs: int, console: Console | None = None):
        super().__init__(runs, epochs)
        title, text = (TextColumn(f"{{task.{name}}}", markup=False) for name in ("description", "fields[text]"))
        self.bars = Progress(title, BarColumn(bar_width=None), text, console=console)
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

    @property
    def room(self) -> int:
        """How many columns are left beside a bar and the blanks around it."""
        return self.bars.console.width - BAR - 2

    @property
    def text_room(self) -> int:
        """How many columns the titles leave for texts."""
        return self.room - max(len(task.description) for task in self.bars.tasks)


class Bar(RunLine):
    """One run as a bar, as long as it is being made."""

    display: Live

    def __init__(self, display: Live, spec: RunSpec, unit: str, number: int):
        super().__init__(display, spec, unit, number)
        self.bar = display.bars.add_task(self.short_title, total=spec.config.training.epochs, text="compiling")

    def batch(self, share: float) -> None:
        """Move the bars."""
        super().batch(share)
        self.display.bars.update(self.bar, completed=self.epoch + share)
        self.display.move()

    def end_epoch(self, logs: Mapping[str, float]) -> None:
        """Show what the epoch came to beside the bar."""
        self.epoch += 1
        text = fitting(self.parts(logs), self.display.text_room)
        self.display.bars.update(self.bar, text=text, refresh=True)

    def end(self, result: RunResult) -> None:
        """Leave a line."""
        super().end(result)
        self.remove()
        self.display.move()
        if result.status == "done":
            best = result.metrics[result.monitor]
            self.display.say(f"{self.title}  {result.monitor} {best:.4g} at epoch {result.best_epoch}")

    def remove(self) -> None:
        """Take the bar away."""
        if self.bar in self.display.bars.task_ids:
            self.display.bars.remove_task(self.bar)

    @property
    def short_title(self) -> str:
        """The title, without the experiment and with a shorter variant where the terminal is narrow."""
        room = int(self.display.room * TITLES)
        if len(self.title) <= room:
            return self.title
        number, seed = f"[{self.number}/{self.display.runs}]", f"seed {self.spec.seed}"
        return f"{number} {cut(self.spec.variant, room - len(number) - len(seed) - 2)} {seed}"


def fitting(parts: Mapping[str, str], room: int) -> str:
    """Return the parts of a text that fit into this many columns; the validation's is cut, never left out.

    >>> parts = {"epoch": "epoch 2/9", "training": "loss 0.5", "validation": "val_loss 0.25", "throughput": "1,234 words/s"}
    >>> fitting(parts, 35)
    'epoch 2/9  loss 0.5  val_loss 0.25'
    >>> fitting(parts, 20)
    'val_loss 0.25'
    """
    kept = dict(parts)
    for name in SPARED:
        if len("  ".join(kept.values())) > room and len(kept) > 1:
            kept.pop(name, None)
    return cut("  ".join(kept.values()), room)


def cut(text: str, room: int) -> str:
    """Return a text of at most this many columns, at least one; an ellipsis replaces what is left out.

    >>> cut("variational", 7), cut("gal", 7)
    ('variat…', 'gal')
    """
    return text if len(text) <= room else text[: max(room, 1) - 1] + "…"
