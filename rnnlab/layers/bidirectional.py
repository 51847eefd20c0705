"""A recurrent layer in both directions."""

import keras


class KeepsMask:
    """Mixed into a layer of Keras over time: the mask of its sequences goes on to the next layer.

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

    >>> from rnnlab.layers import LSTM
    >>> Bidirectional(LSTM(4, dropout=0.3)).compute_output_shape((2, 5, 3))
    (2, 8)
    """
