"""The command line: each verb a few lines over one library call; nothing heavy is imported before a verb needs it."""

from rnnlab.cli import datasets, ensembles, experiments, new, predictions, results, shipping, tools, trained
from rnnlab.cli.command import main

__all__ = ["datasets", "ensembles", "experiments", "main", "new", "predictions", "results", "shipping", "tools", "trained"]
