"""The code of the parts that a config uses, which decides together with its values which run it is.

A part of a plug-in is known by its file and what that imports. A built-in cell is known by the modules with its equation, and
built-in noise by those that draw it: which noise a scheme stands for is in the values of the config. Keras's own layers are
known by Keras's version.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from rnnlab import plugins, source
from rnnlab.cells.builtin_cells import CELLS
from rnnlab.config.experiment import RunConfig
from rnnlab.data.registered import DATASETS
from rnnlab.data.task import KINDS
from rnnlab.errors import UserError
from rnnlab.noise.own_distributions import DISTRIBUTIONS
from rnnlab.noise.scheme import SCHEMES
from rnnlab.noise.schemes import DropoutSetting
from rnnlab.registry import INTERACTIVE, Registry
from rnnlab.training.optimizer_config import OPTIMIZERS
from rnnlab.training.own_callbacks import CALLBACKS
from rnnlab.training.own_metrics import METRICS
from rnnlab.training.schedules import SCHEDULES

MASKS = ("noise/sampling.py", "noise/philox.py", "noise/normals.py")
"""The modules that draw noise."""
SCHEDULED = ("noise/rate_schedule.py",)
NO_EQUATION = "cells/kinds.py"
"""The module that cells are registered in, which all of them import."""


def used(config: RunConfig) -> dict[str, str]:
    """Return the fingerprints of the code of the parts that a config uses, by the kind and the name of the part."""
    parts: dict[str, str] = {}
    for registry, name in _parts(config):
        file = registry.sources.get(name, "")
        if file == INTERACTIVE:
            raise UserError(
                f"the {registry.kind} {name} is not defined in a file: put it into one, and list that in plugins: [FILE]"
            )
        if file and source.HOME not in Path(file).parents:
            parts[f"{registry.kind} {name}"] = plugins.fingerprint(file)
        elif registry is CELLS:
            parts[f"{registry.kind} {name}"] = _code(*equation(file))
    noise = [one for setting in _settings(config) for one in setting.noise]
    if noise:
        parts["noise"] = _code(*MASKS)
    if any(one.schedule for one in noise):
        parts["schedule of noise"] = _code(*SCHEDULED)
    return parts


@cache
def equation(file: str | Path) -> tuple[Path, ...]:
    """Return the modules with the equation of a built-in cell: that which registers it, and those of cells that it imports."""
    return tuple(source.reached(file, within="cells") - {source.HOME / NO_EQUATION})


@cache
def _code(*files: str | Path) -> str:
    return source.fingerprint(source.HOME / file for file in files)[:16]


def _parts(config: RunConfig) -> Iterator[tuple[Registry, str]]:
    yield DATASETS, config.data.name
    yield KINDS, config.data.task
    yield from ((CELLS, layer.cell) for layer in config.model.recurrent if layer.implementation != "keras")
    for setting in _settings(config):
        yield from ((SCHEMES, name) for name in setting.schemes())
        yield from ((DISTRIBUTIONS, noise.distribution) for noise in setting.noise)
    training = config.training
    yield OPTIMIZERS, training.optimizer.name
    if training.schedule:
        yield SCHEDULES, training.schedule.name
    yield from ((CALLBACKS, one.name) for one in training.callbacks)
    yield from ((METRICS, name) for name in config.evaluation.metrics)


def _settings(config: RunConfig) -> Iterator[DropoutSetting]:
    """The settings of noise that rnnlab's own layers draw."""
    if config.model.embedding:
        yield config.model.embedding.dropout
    for layer in config.model.recurrent:
        if layer.implementation != "keras":
            yield from (layer.dropout, layer.recurrent_dropout)
