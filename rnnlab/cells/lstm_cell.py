"""The LSTM as a cell of Keras."""

from typing import Any

import keras

from rnnlab.cells.builtin_cells import CELLS
from rnnlab.cells.cell import Cell


@keras.saving.register_keras_serializable(package="rnnlab")
class LSTMCell(Cell):
    """Long short-term memory; the equation is `rnnlab.cells.lstm_step.lstm`.

    `peephole` adds the weights p_i, p_f, p_o of shape (units,). `coupled` sets f = 1 - i, so there are three gates and
    `unit_forget_bias` starts the input gate's bias at -1, which is the same f. `layer_norm` adds the gains of shape (gates *
    units,) of both products and gain and offset of the output's cell state. `cap_input` takes min(i, 1 - f) as input gate;
    coupled gates are capped as they are, so ValueError where both are asked for. `chrono` starts the biases of forget and input
    gates for dependencies over that many steps.
    """

    kind = CELLS["lstm"]

    def __init__(
        self,
        units: int,
        *args: Any,
        unit_forget_bias: bool = True,
        peephole: bool = False,
        coupled: bool = False,
        layer_norm: bool = False,
        cap_input: bool = False,
        chrono: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(units, *args, **kwargs)
        self.choose(
            {
                "unit_forget_bias": unit_forget_bias,
                "peephole": peephole,
                "coupled": coupled,
                "layer_norm": layer_norm,
                "cap_input": cap_input,
                "chrono": chrono,
            }
        )
