"""The state that a stateful layer carries from batch to batch, counted among its variables."""

from typing import Any

import keras


class CarriedState:
    """Mixed into a `keras.layers.RNN`: what it carries belongs to `variables` (not to `weights`), like a random generator.

    Keras leaves the carried state out, so that on JAX `fit` and `evaluate` carry nothing at all, and a saved state of the model
    lacks it.
    """

    states: Any

    @property
    def variables(self) -> list[keras.Variable]:
        """All variables of the layer, the carried state last."""
        return [*super().variables, *keras.tree.flatten(self.states or [])]  # type: ignore[misc]
