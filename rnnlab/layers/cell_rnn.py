"""A layer that makes its own cell, so that one call takes the arguments of both."""

from inspect import signature
from operator import attrgetter
from typing import Any, ClassVar, Self

from rnnlab.cells.cell import Cell
from rnnlab.documents import Record
from rnnlab.layers.rnn import RNN


class CellRNN(RNN):
    """The common part of LSTM and GRU: arguments that the cell knows go to the cell, the others to the layer."""

    cell_class: ClassVar[type[Cell]]

    def __init__(self, given: Record, **kwargs: Any) -> None:
        named = {name: value for name, value in given.items() if name not in ("self", "kwargs", "__class__")}
        cell = {name: named.pop(name) for name in self._cell_arguments()}
        shared = {name: kwargs[name] for name in ("dtype", "trainable") if name in kwargs}
        super().__init__(self.cell_class(**cell, **shared, name="cell"), **named, **kwargs)

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Show every argument of the cell as an attribute of the layer, as Keras's layers do."""
        super().__init_subclass__(**kwargs)
        for name in cls._cell_arguments():
            if not hasattr(cls, name):
                setattr(cls, name, property(attrgetter(f"cell.{name}")))

    @classmethod
    def _cell_arguments(cls) -> list[str]:
        """The cell's own arguments, those of every cell first."""
        parameters = {**signature(Cell).parameters, **signature(cls.cell_class).parameters}
        return [
            name
            for name, parameter in parameters.items()
            if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        ]

    def get_config(self) -> Record:
        """Every argument, those of the cell among them."""
        config = {"activity_regularizer": None, **super().get_config()}
        del config["cell"]
        cell = self.cell.get_config()
        return {**config, **{name: cell[name] for name in self._cell_arguments()}}

    @classmethod
    def from_config(cls, config: Record) -> Self:
        """The layer that `get_config` describes."""
        return cls(**config)
