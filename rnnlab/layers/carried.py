"""The state that a stateful layer carries from batch to batch, counted among its variables."""

from typing import Any

import keras


class CarriedState:
    """Mixed into a `keras.layers.RNN`: what it carries belongs to `variables` (not to `weights`), like a random generator.

    Keras leaves the carried state out, so that on JAX `fit` and `evaluate` carry nothing at all, and a saved state of the model
    lacks it. It also gives all states of a layer one name, so that a tree of variables by their paths holds one of them.
    """

    states: Any

    @property
    def variables(self) -> list[keras.Variable]:
        """All variables of the layer, the carried state last."""
        return [*super().variables, *keras.tree.flatten(self.states or [])]  # type: ignore[misc]

    def reset_state(self) -> None:
        """Carry zeros; also where the states are those of a stack of cells, at which Keras fails."""
        for state in keras.tree.flatten(self.states or []):
            state.assign(keras.ops.zeros_like(state.value))

    def _create_state_variables(self, batch_size: int) -> None:
        """Create the carried state, each part under a name of its own."""
        super()._create_state_variables(batch_size)  # type: ignore[misc]
        for number, state in enumerate(keras.tree.flatten(self.states)[1:], 1):
            state._name, state._path = f"{state.name}_{number}", f"{state.path}_{number}"
