"""Any registered step as a cell of Keras."""

from typing import Any

import keras

from rnnlab.cells.builtin_cells import CELLS
from rnnlab.cells.cell import Cell
from rnnlab.documents import Record


@keras.saving.register_keras_serializable(package="rnnlab")
class StepCell(Cell):
    """The cell that is registered by a name, with its own options among the arguments: `RNN(StepCell("mgu", 64))`.

    Raises `UnknownPartError`, a KeyError, where nothing of that name is registered: import the module that registers it.

    >>> StepCell("gru", 4, reset_after=False).state_size
    4
    """

    def __init__(self, cell: str, units: int, *args: Any, **kwargs: Any) -> None:
        self.kind = CELLS[cell]
        options = {name: kwargs.pop(name) for name in self.kind.options.model_fields if name in kwargs}
        super().__init__(units, *args, **kwargs)
        self.choose(options)

    def get_config(self) -> Record:
        """Every argument."""
        return {"cell": self.kind.name, **super().get_config()}
