"""Checks of your own parts, the same that rnnlab's parts have to pass; each raises CheckError, which says what to do."""

from rnnlab.testing.cells import check_cell
from rnnlab.testing.datasets import check_dataset
from rnnlab.testing.distributions import check_distribution
from rnnlab.testing.metrics import check_metric
from rnnlab.testing.require import CheckError
from rnnlab.testing.schemes import check_scheme
from rnnlab.testing.tasks import check_task
from rnnlab.testing.trackers import check_tracker
from rnnlab.testing.training_parts import check_callback, check_optimizer, check_schedule

__all__ = [
    "CheckError",
    "check_callback",
    "check_cell",
    "check_dataset",
    "check_distribution",
    "check_metric",
    "check_optimizer",
    "check_schedule",
    "check_scheme",
    "check_task",
    "check_tracker",
]
