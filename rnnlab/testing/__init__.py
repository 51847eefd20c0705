"""Checks of your own parts, the same that rnnlab's parts have to pass; each raises CheckError, which says what to do."""

from rnnlab.testing.cell_checks import check_cell
from rnnlab.testing.dataset_checks import check_dataset
from rnnlab.testing.distribution_checks import check_distribution
from rnnlab.testing.metric_checks import check_metric
from rnnlab.testing.require import CheckError
from rnnlab.testing.scheme_checks import check_scheme
from rnnlab.testing.task_checks import check_task
from rnnlab.testing.tracker_checks import check_tracker
from rnnlab.testing.training_part_checks import check_callback, check_optimizer, check_schedule

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
