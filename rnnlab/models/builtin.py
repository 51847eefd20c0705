"""Layers of Keras as they are, but for what some version of Keras loses between two of them."""

import keras

from rnnlab.layers.bidirectional import KeepsMask
from rnnlab.layers.carried import CarriedState


@keras.saving.register_keras_serializable(package="rnnlab", name="BuiltinLSTM")
class BuiltinLSTM(KeepsMask, CarriedState, keras.layers.LSTM):
    """`keras.layers.LSTM`, whose carried state counts among its variables on JAX too."""


@keras.saving.register_keras_serializable(package="rnnlab", name="BuiltinGRU")
class BuiltinGRU(KeepsMask, CarriedState, keras.layers.GRU):
    """`keras.layers.GRU`, whose carried state counts among its variables on JAX too."""


@keras.saving.register_keras_serializable(package="rnnlab", name="BuiltinSimpleRNN")
class BuiltinSimpleRNN(KeepsMask, CarriedState, keras.layers.SimpleRNN):
    """`keras.layers.SimpleRNN`, whose carried state counts among its variables on JAX too."""
