"""The LSTM layer."""

import keras

from rnnlab.cells.keras_arguments import ActivationName, Constraint, Initializer, Regularizer
from rnnlab.cells.lstm_cell import LSTMCell
from rnnlab.layers.cell_rnn import CellRNN
from rnnlab.noise.schemes import Setting


@keras.saving.register_keras_serializable(package="rnnlab")
class LSTM(CellRNN):
    """Long short-term memory over (batch, steps, features), a drop-in replacement for `keras.layers.LSTM`.

    c_t = f_t * c_{t-1} + i_t * g_t,  h_t = o_t * tanh(c_t); see `rnnlab.cells.lstm_step`.

    Keras's arguments in Keras's order, but `dropout` and `recurrent_dropout` take any scheme (see `RNN`) and a rate is the
    variational mask, one for all gates. `peephole`, `coupled` (f = 1 - i), `layer_norm` and `cap_input` (i at most
    1 - f) choose the cell and combine, but for `coupled` with `cap_input`. `chrono`, a number of steps, starts the biases of
    forget and input gates for dependencies that long (Tallec & Ollivier 2018, arXiv 1804.11188).
    Returns (batch, units), or (batch, steps, units) with `return_sequences`, and the states h, c with `return_state`. Weights
    and their order are those of `keras.layers.LSTM`: `ours.set_weights(theirs.get_weights())`.

    >>> layer = LSTM(8, dropout=0.3, recurrent_dropout={"scheme": "zoneout", "cell": 0.5, "hidden": 0.05})
    >>> tuple(layer(keras.ops.ones((2, 5, 3)), training=True).shape)
    (2, 8)
    """

    cell_class = LSTMCell

    def __init__(
        self,
        units: int,
        activation: ActivationName = "tanh",
        recurrent_activation: ActivationName = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Initializer = "glorot_uniform",
        recurrent_initializer: Initializer = "orthogonal",
        bias_initializer: Initializer = "zeros",
        unit_forget_bias: bool = True,
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
        use_cudnn: bool | str = "auto",
        *,
        implementation: str = "auto",
        ar: float = 0.0,
        tar: float = 0.0,
        norm_stabiliser: float = 0.0,
        peephole: bool = False,
        coupled: bool = False,
        layer_norm: bool = False,
        cap_input: bool = False,
        chrono: int | None = None,
        **kwargs: object,
    ) -> None:
        super().__init__(locals(), **kwargs)
