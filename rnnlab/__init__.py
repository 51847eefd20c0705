"""Experiments on recurrent networks and their dropout: declared in YAML, compared over seeds, explained."""

__version__ = "0.1.0"
