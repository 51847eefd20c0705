"""Chooses how progress is shown."""

import sys

from rnnlab.progress.lines import Lines
from rnnlab.progress.notebook import Notebook, in_notebook


def display(runs: int, epochs: int) -> Lines:
    """Return the display that fits where the output goes."""
    if in_notebook():
        return Notebook(runs, epochs)
    if not sys.stdout.isatty():
        return Lines(runs, epochs)
    from rnnlab.progress.bars import Live

    return Live(runs, epochs)
