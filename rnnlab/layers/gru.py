"""The GRU layer."""

import keras

from rnnlab.cells.gru_cell import GRUCell
from rnnlab.cells.keras_arguments import ActivationName, Constraint, Initializer, Regularizer
from rnnlab.layers.cell_rnn import CellRNN
from rnnlab.noise.schemes import Setting


@keras.saving.register_keras_serializable(package="rnnlab")
class GRU(CellRNN):
    """Gated recurrent unit over (batch, steps, features), a drop-in replacement for `keras.layers.GRU`.

    h_t = z_t * h_{t-1} + (1 - z_t) * g_t; see `rnnlab.cells.gru_step`.

    Keras's arguments in Keras's order, but `dropout` and `recurrent_dropout` take any scheme (see `RNN`) and a rate is the
    variational mask, one for all gates. Returns (batch, units), or (batch, steps, units) with `return_sequences`, and the
    state h with `return_state`. Weights and their order are those of `keras.layers.GRU` with the same `reset_after`.
    `chrono`, a number of steps, starts the update gate's bias for dependencies that long.

    >>> tuple(GRU(8, recurrent_dropout=0.3, return_sequences=True)(keras.ops.ones((2, 5, 3)), training=True).shape)
    (2, 5, 8)
    """

    cell_class = GRUCell

    def __init__(
        self,
        units: int,
        activation: ActivationName = "tanh",
        recurrent_activation: ActivationName = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Initializer = "glorot_uniform",
        recurrent_initializer: Initializer = "orthogonal",
        bias_initializer: Initializer = "zeros",
        kernel_regularizer: Regularizer = None,
        recurrent_regularizer: Regularizer = None,
        bias_regularizer: Regularizer = None,
        activity_regularizer: Regularizer = None,
        kernel_constraint: Constraint = None,
        recurrent_constraint: Constraint = None,
        bias_constraint: Constraint = None,
        dropout: Setting = 0.0,
        recurrent_dropout: Setting = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        reset_after: bool = True,
        use_cudnn: bool | str = "auto",
        *,
        implementation: str = "auto",
        ar: float = 0.0,
        tar: float = 0.0,
        norm_stabiliser: float = 0.0,
        chrono: int | None = None,
        **kwargs: object,
    ) -> None:
        super().__init__(locals(), **kwargs)
