"""From a data section to its data set."""

from collections.abc import Callable
from typing import Any

from rnnlab.data import adding, python_reference
from rnnlab.data.config import DataConfig
from rnnlab.data.dataset import Dataset

BUILDERS: dict[str, Callable[[Any], Dataset]] = {"python_reference": python_reference.build, "adding": adding.build}
"""How each data set is made, by the name it has in a config."""


def build(config: DataConfig) -> Dataset:
    """Return the data set that a data section declares."""
    return BUILDERS[config.name](config)
