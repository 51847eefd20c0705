"""Layers of Keras as they are, but for what some version of Keras loses between two of them."""

import keras

from rnnlab.layers.carried import CarriedState


class KeepsMask:
    """Mixed into a layer over time: it passes the mask of its sequences on, as Keras did up to 3.15 and no longer does."""

    @property
    def supports_masking(self) -> bool:
        """True, whatever the parent sets."""
        return True

    @supports_masking.setter
    def supports_masking(self, value: bool) -> None:
        pass


@keras.saving.register_keras_serializable(package="rnnlab", name="BuiltinLSTM")
class BuiltinLSTM(KeepsMask, CarriedState, keras.layers.LSTM):
    """`keras.layers.LSTM`, whose carried state counts among its variables on JAX too."""


@keras.saving.register_keras_serializable(package="rnnlab", name="BuiltinGRU")
class BuiltinGRU(KeepsMask, CarriedState, keras.layers.GRU):
    """`keras.layers.GRU`, whose carried state counts among its variables on JAX too."""


@keras.saving.register_keras_serializable(package="rnnlab", name="Bidirectional")
class Bidirectional(KeepsMask, keras.layers.Bidirectional):
    """`keras.layers.Bidirectional`."""
