"""A recurrent layer in both directions."""

from collections.abc import Sequence

import keras

from rnnlab.layers.cell_rnn import CellRNN
from rnnlab.layers.gru import GRU
from rnnlab.layers.lstm import LSTM
from rnnlab.tensors import Tensor


class KeepsMask:
    """Mixed into a layer of Keras over time: the mask of its sequences is passed on to the next layer.

    Keras up to 3.15 passes it on; 3.16 drops it at every RNN and Bidirectional, with a warning.
    """

    @property
    def supports_masking(self) -> bool:
        """True, whatever the parent sets."""
        return True

    @supports_masking.setter
    def supports_masking(self, value: bool) -> None:
        pass


@keras.saving.register_keras_serializable(package="rnnlab")
class Bidirectional(KeepsMask, keras.layers.Bidirectional):
    """`keras.layers.Bidirectional`, which passes the padding mask on in every version of Keras.

    On a GPU, Keras has one kernel for both directions (for an LSTM on JAX, for a GRU on torch). Our layers use it too, unless
    they have noise, penalties on their outputs, or a cell without a cuDNN kernel.

    >>> from rnnlab.layers import LSTM
    >>> Bidirectional(LSTM(4, dropout=0.3)).compute_output_shape((2, 5, 3))
    (2, 8)
    """

    def _can_attempt_fused_lstm(self, mask: Tensor | None, initial_state: Sequence[Tensor] | None = None) -> bool:
        return self._fuses(LSTM, mask, initial_state) or super()._can_attempt_fused_lstm(mask, initial_state)

    def _can_attempt_fused_gru(self, mask: Tensor | None, initial_state: Sequence[Tensor] | None = None) -> bool:
        return self._fuses(GRU, mask, initial_state) or super()._can_attempt_fused_gru(mask, initial_state)

    def _fuses(self, kind: type[CellRNN], mask: Tensor | None, initial_state: Sequence[Tensor] | None) -> bool:
        """Whether one kernel could run both directions: both are our layers, of this class."""
        ways = self.forward_layer, self.backward_layer
        if mask is not None or self.stateful or not all(isinstance(way, kind) and way.bare for way in ways):
            return False
        one, other = (way.cell for way in ways)
        alike = all(getattr(one, name) == getattr(other, name) for name in ("units", "activation", "recurrent_activation"))
        return alike and (initial_state is None or len(initial_state) == 2 * len(one.states))
