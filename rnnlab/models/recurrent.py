"""One recurrent layer of a config as a Keras layer: ours, or the built-in one."""

from importlib import import_module
from typing import Any

import keras

from rnnlab.cells.builtin_cells import CELLS
from rnnlab.cells.kinds import CellKind
from rnnlab.cells.step_cell import StepCell
from rnnlab.documents import Record
from rnnlab.layers import RNN, Bidirectional
from rnnlab.models import builtin
from rnnlab.models.initial import drawn
from rnnlab.models.recurrent_config import PENALTIES, RecurrentConfig
from rnnlab.seeds import derive

WAYS = ("forward", "backward")


def recurrent(config: RecurrentConfig, name: str, seed: int, **arguments: object) -> keras.layers.Layer:
    """Return the layer; `arguments` (return_sequences, stateful) are passed on to it."""
    if not config.bidirectional:
        return _one_way(config, name, seed, arguments)
    ways = [_one_way(config, f"{name}_{way}", seed, arguments | {"go_backwards": way == "backward"}) for way in WAYS]
    return Bidirectional(ways[0], backward_layer=ways[1], name=name)


def _one_way(config: RecurrentConfig, name: str, seed: int, arguments: Record) -> keras.layers.Layer:
    kind = CELLS[config.cell]
    noise = {"dropout": config.dropout, "recurrent_dropout": config.recurrent_dropout, "seed": derive(seed, name, "noise")}
    weights = drawn(seed, name, "kernel", "recurrent_kernel")
    if config.implementation == "keras":
        noise |= {"dropout": config.dropout.spelling, "recurrent_dropout": config.recurrent_dropout.spelling}
        options = {option: getattr(config, option) for option in kind.keras_options}
        return getattr(builtin, f"Builtin{kind.keras}")(config.units, name=name, **noise, **weights, **options, **arguments)
    own = {name: getattr(config, name) for name in ("implementation", *PENALTIES)}
    return _ours(kind, config, weights, name=name, **noise, **own, **arguments)


def _ours(kind: CellKind, config: RecurrentConfig, weights: Record, **arguments: Any) -> keras.layers.Layer:
    """The layer of rnnlab that has all arguments of the cell, or the one that repeats any cell."""
    options = config.options.model_dump()
    if kind.layer:
        module, _, layer = kind.layer.partition(":")
        return getattr(import_module(module), layer)(config.units, **weights, **options, **arguments)
    return RNN(StepCell(kind.name, config.units, name="cell", **weights, **options), **arguments)
