"""From a data section to its data set."""

from collections.abc import Callable

from rnnlab.data import python_reference
from rnnlab.data.data_config import DataConfig
from rnnlab.data.dataset import Dataset
from rnnlab.data.generators import adding, agreement, associative_recall, copy_memory, mackey_glass, parity, temporal_order
from rnnlab.data.registered import DATASETS
from rnnlab.data.sources.build_source import MAKERS, is_prepared
from rnnlab.data.sources.build_source import build as from_files

BUILDERS: dict[str, Callable[..., Dataset]] = {
    "python_reference": python_reference.build,
    "adding": adding.build,
    "copy_memory": copy_memory.build,
    "temporal_order": temporal_order.build,
    "parity": parity.build,
    "associative_recall": associative_recall.build,
    "agreement": agreement.build,
    "mackey_glass": mackey_glass.build,
    **dict.fromkeys(MAKERS, from_files),
}
"""The builders of data sets, by name in a config."""


def ready(config: DataConfig) -> bool:
    """Return whether a data set is available at once: it is generated, or prepared already."""
    return config.name not in MAKERS or is_prepared(config)


def at_hand(config: DataConfig) -> Dataset | None:
    """Return the data set that a data section declares; None where it has to be prepared first."""
    return build(config) if ready(config) else None


def build(config: DataConfig) -> Dataset:
    """Return the data set that a data section declares."""
    return DATASETS[config.name].build(config) if config.name in DATASETS else BUILDERS[config.name](config)
