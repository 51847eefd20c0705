"""Fit, evaluate, stop, record: one run."""
