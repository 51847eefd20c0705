"""Cells: what happens in one time step."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnnlab.cells.gru_cell import GRUCell
    from rnnlab.cells.lstm_cell import LSTMCell
    from rnnlab.cells.step_cell import StepCell

_CLASSES = {"GRUCell": "gru_cell", "LSTMCell": "lstm_cell", "StepCell": "step_cell"}
"""The module of each class; Keras is loaded when a class is first used, not when the list of cells is read."""

__all__ = ["GRUCell", "LSTMCell", "StepCell"]


def __getattr__(name: str) -> type:
    if name not in _CLASSES:
        raise AttributeError(f"module 'rnnlab.cells' has no attribute {name!r}")
    return getattr(import_module(f"rnnlab.cells.{_CLASSES[name]}"), name)
