"""Keeps the passes over the splits apart: each starts afresh, and evaluation leaves no trace in training."""

import keras

from rnnlab import compat


class SeparatePasses(keras.callbacks.Callback):
    """Lets every pass over a split start from a zero carried state, and evaluation leave training as it found it.

    A stateful RNN keeps its state in variables that training and evaluation share, and the built-in RNN layers draw masks even
    in evaluation; so without this, validating during training changes what is learnt. Works in any `model.fit`.
    """

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start from zero."""
        self._reset()

    def on_test_begin(self, logs: dict | None = None) -> None:
        """Put the state of training aside, and start from zero."""
        self._kept = [(variable, keras.ops.convert_to_numpy(variable)) for variable in _side_variables(self.model)]
        self._reset()

    def on_test_end(self, logs: dict | None = None) -> None:
        """Put the state of training back."""
        for variable, value in self._kept:
            variable.assign(value)

    def _reset(self) -> None:
        for layer in stateful_layers(self.model):
            layer.reset_state()


def stateful_layers(model: keras.Model) -> list[keras.layers.RNN]:
    """Return the layers that carry a state from batch to batch."""
    return [layer for layer in compat.every_layer(model) if isinstance(layer, keras.layers.RNN) and layer.stateful]


def _side_variables(model: keras.Model) -> list[keras.Variable]:
    """Carried states and random generators: all that a pass without gradients may change, but for metrics."""
    states = [state for layer in stateful_layers(model) for state in keras.tree.flatten(layer.states)]
    others = {id(variable) for variable in [*model.weights, *states]}
    return states + [variable for variable in model.variables if id(variable) not in others]
