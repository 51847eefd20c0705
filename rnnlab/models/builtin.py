"""The reference layers of Keras, as they are but for the carried state, which Keras forgets on JAX."""

import keras

from rnnlab.layers.carried import CarriedState


@keras.saving.register_keras_serializable(package="rnnlab", name="BuiltinLSTM")
class BuiltinLSTM(CarriedState, keras.layers.LSTM):
    """`keras.layers.LSTM`."""


@keras.saving.register_keras_serializable(package="rnnlab", name="BuiltinGRU")
class BuiltinGRU(CarriedState, keras.layers.GRU):
    """`keras.layers.GRU`."""
