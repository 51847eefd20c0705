"""The GRU as a cell of Keras."""

from typing import Any

import keras

from rnnlab.cells.builtin_cells import CELLS
from rnnlab.cells.cell import Cell


@keras.saving.register_keras_serializable(package="rnnlab")
class GRUCell(Cell):
    """Gated recurrent unit; the equations are those of `rnnlab.cells.gru_step`.

    Reset after the product, the bias has the shape (2, 3 * units): the input's and the recurrent product's.
    """

    kind = CELLS["gru"]

    def __init__(self, units: int, *args: Any, reset_after: bool = True, chrono: int | None = None, **kwargs: Any) -> None:
        super().__init__(units, *args, **kwargs)
        self.choose({"reset_after": reset_after, "chrono": chrono})
