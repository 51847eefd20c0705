"""A YAML file becomes an experiment: declared, checked, with every error told where it was written."""

from rnnlab.config.data_by_name import data_section
from rnnlab.config.dialect import dump
from rnnlab.config.experiment import ExperimentConfig, RunConfig, schema
from rnnlab.config.runs import Experiment, RunSpec, load, tuned
from rnnlab.config.tree import ConfigError

__all__ = [
    "ConfigError",
    "Experiment",
    "ExperimentConfig",
    "RunConfig",
    "RunSpec",
    "data_section",
    "dump",
    "load",
    "schema",
    "tuned",
]
