"""Checks of your own parts, the same that rnnlab's parts have to pass; each raises CheckError, which says what to do."""

from rnnlab.testing.cells import check_cell
from rnnlab.testing.datasets import check_dataset
from rnnlab.testing.require import CheckError
from rnnlab.testing.schemes import check_scheme

__all__ = ["CheckError", "check_cell", "check_dataset", "check_scheme"]
