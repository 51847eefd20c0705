"""The data sets of plug-ins by name: a section of a config for each, and what makes the data that it declares."""

from collections.abc import Callable
from dataclasses import dataclass

from rnnlab.data.dataset import Dataset
from rnnlab.registry import Registry
from rnnlab.section import Section


@dataclass(frozen=True, eq=False)
class DatasetKind:
    """A data set: the section that declares it, and what makes it."""

    section: type[Section]
    build: Callable[..., Dataset]


DATASETS: Registry[DatasetKind] = Registry("data set")
"""The data sets that plug-ins register, by the name in a config."""
