"""The state that a stateful layer carries from batch to batch, counted among its variables."""

import keras

from rnnlab.tensors import Tree


class CarriedState:
    """Mixed into a `keras.layers.RNN`: its carried state is among `variables` (not `weights`), as a seed generator's is.

    Keras leaves the carried state out, so that on JAX `fit` and `evaluate` carry nothing at all, and a saved state of the model
    lacks it. It also gives all states of a layer one name, so a tree of variables by path holds only one of them.
    """

    states: Tree

    @property
    def variables(self) -> list[keras.Variable]:
        """All variables of the layer, the carried state last."""
        return [*super().variables, *keras.tree.flatten(self.states or [])]  # type: ignore[misc]

    def reset_state(self) -> None:
        """Set the carried state to zeros, also that of a stack of cells, for which Keras's own method fails."""
        for state in keras.tree.flatten(self.states or []):
            state.assign(keras.ops.zeros_like(state.value))

    def _create_state_variables(self, batch_size: int) -> None:
        """Create the carried state, each part under its own name."""
        super()._create_state_variables(batch_size)  # type: ignore[misc]
        for number, state in enumerate(keras.tree.flatten(self.states)[1:], 1):
            state._name, state._path = f"{state.name}_{number}", f"{state.path}_{number}"
