"""The display of a notebook: one line that changes, since every line that stays would be kept in the file."""

import sys
from typing import Any

from rnnlab.progress.lines import Lines


class Notebook(Lines):
    """All runs in one line of the output of a cell; what goes wrong stays below it."""

    def __init__(self, runs: int, epochs: int):
        from IPython.display import display

        super().__init__(runs, epochs)
        self._handle = display({"text/plain": ""}, raw=True, display_id=True)

    def show(self, text: str) -> None:
        """Replace the last line."""
        self._handle.update({"text/plain": text}, raw=True)

    def __exit__(self, *error: object) -> None:
        """Leave the number of runs."""
        self.show(f"{len(self.shown)} of {self.runs} runs made")


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    shell: Any = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")
