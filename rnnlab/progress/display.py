"""Chooses how progress is shown."""

import sys

from rnnlab.progress.lines import Lines


def display(runs: int, epochs: int) -> Lines:
    """Return the display that fits where the output goes."""
    if not sys.stdout.isatty():
        return Lines(runs, epochs)
    from rnnlab.progress.bars import Live

    return Live(runs, epochs)
