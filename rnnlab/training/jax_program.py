"""Several steps of a model as one program of JAX."""

from typing import Any

import jax
import keras
from jax import numpy as jnp

from rnnlab.training.step import Batches, Step

State = tuple[list[Any], ...]
"""The values of all variables: trained, others of the model, of the optimizer, of the metrics."""


class JaxProgram:
    """Steps of training and of evaluation, each kind a function that runs as many as it is told to.

    The values of all variables go in and come out. How many steps a call runs changes no bit: they are turns of one loop.
    """

    def __init__(self, model: keras.Model):
        self.step = Step(model)
        self._functions = {training: self._several(training) for training in (True, False)}

    def run(self, batches: Batches, count: int, training: bool) -> tuple[int, dict[str, float]]:
        """Run the first `count` steps, or as many until the mean loss is no finite number; return how many, and the metrics."""
        groups = self._variables(training)
        state = tuple([variable.value for variable in group] for group in groups)
        state, done, logs = self._functions[training](state, batches, count)
        for group, values in zip(groups, state, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)
        done, logs = jax.device_get((done, logs))
        return int(done), {name: float(value) for name, value in logs.items()}

    def _variables(self, training: bool) -> tuple[list[keras.Variable], ...]:
        model = self.step.model
        optimizer = model.optimizer.variables if training else []
        return model.trainable_variables, model.non_trainable_variables, optimizer, self.step.variables

    def _several(self, training: bool) -> Any:
        one = self._train if training else self._evaluate

        def several(state: State, batches: Batches, count: Any) -> tuple[State, Any, dict[str, Any]]:
            def turn(carried: Any) -> Any:
                done, state, _ = carried
                state = one(state, *(jnp.asarray(batch)[done] for batch in batches))
                return done + 1, state, self._results(state)["loss"] if training else jnp.float32(0)

            def on(carried: Any) -> Any:
                return (carried[0] < count) & jnp.isfinite(carried[2])

            done, state, _ = jax.lax.while_loop(on, turn, (0, state, jnp.float32(0)))
            return state, done, self._results(state)

        return jax.jit(several, donate_argnums=0)

    def _train(self, state: State, x: Any, y: Any, weights: Any) -> State:
        trained, others, optimizer, metrics = state
        model = self.step.model

        def loss(trained: Any) -> Any:
            predictions, moved, penalties = model.stateless_call(trained, others, x, training=True, return_losses=True)
            loss, values = self.step.loss(y, predictions, weights, penalties)
            with keras.StatelessScope(state_mapping=list(zip(model.optimizer.variables, optimizer, strict=True))):
                scaled = self.step.scaled(loss)
            return scaled, (loss, values, predictions, moved)

        gradients, (value, values, predictions, moved) = jax.grad(loss, has_aux=True)(trained)
        trained, optimizer = model.optimizer.stateless_apply(optimizer, gradients, trained)
        return trained, moved, optimizer, self._measured(metrics, value, values, y, predictions, weights)

    def _evaluate(self, state: State, x: Any, y: Any, weights: Any) -> State:
        trained, others, optimizer, metrics = state
        predictions, moved, penalties = self.step.model.stateless_call(trained, others, x, training=False, return_losses=True)
        loss, values = self.step.loss(y, predictions, weights, penalties)
        return trained, moved, optimizer, self._measured(metrics, loss, values, y, predictions, weights)

    def _measured(self, metrics: list[Any], *given: Any) -> list[Any]:
        """The values of the metrics' variables once a batch has been added."""
        with self._metrics(metrics) as scope:
            self.step.measure(*given)
        return [scope.get_current_value(variable) for variable in self.step.variables]

    def _results(self, state: State) -> dict[str, Any]:
        with self._metrics(state[-1]):
            return self.step.results()

    def _metrics(self, values: list[Any]) -> keras.StatelessScope:
        return keras.StatelessScope(state_mapping=list(zip(self.step.variables, values, strict=True)))
