"""The display of a notebook: one line that changes, since every line that stays would be kept in the file."""

import sys
from collections.abc import Mapping
from typing import Any

from rnnlab.config import RunSpec
from rnnlab.progress.lines import Line, Lines


class Quiet(Line):
    """One run, told in the line of all."""

    display: "Notebook"

    def end_epoch(self, logs: Mapping[str, float]) -> None:
        """Show what the epoch came to, in place of what stood there."""
        self.epoch += 1
        self.display.show("  ".join([self.title, *self.parts(logs).values(), f"{self.display.left} left"]))


class Notebook(Lines):
    """All runs in one line of the output of a cell; what goes wrong stays below it."""

    def __init__(self, runs: int, epochs: int):
        from IPython.display import display

        super().__init__(runs, epochs)
        self._handle = display({"text/plain": ""}, raw=True, display_id=True)

    def show(self, text: str) -> None:
        """Show a line in place of the last one."""
        self._handle.update({"text/plain": text}, raw=True)

    def __exit__(self, *error: object) -> None:
        """Leave the number of runs."""
        self.show(f"{len(self.shown)} of {self.runs} runs made")

    def line(self, spec: RunSpec, unit: str, number: int) -> Line:
        """Return what shows one run."""
        return Quiet(self, spec, unit, number)


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    shell: Any = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")
