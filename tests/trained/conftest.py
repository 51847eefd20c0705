"""Runs that several files of tests read, trained once a session."""

from trained.text_runs import made  # noqa: F401  a fixture
