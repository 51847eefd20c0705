"""Several steps of a model as one program of JAX."""

from collections.abc import Callable, Sequence

import jax
import keras
import numpy as np
from jax import lax
from jax import numpy as jnp

from rnnlab import compat
from rnnlab.documents import Record
from rnnlab.layers.noise_rates import constant_rates, handed
from rnnlab.training.step import Batches

State = tuple[list[jax.Array], ...]
"""The values of a model's variables, by kind; those of evaluation are not trained."""
Kinds = tuple[Sequence[keras.Variable], ...]


class JAXProgram:
    """Steps of training and of evaluation, each a function that runs a given number of Keras's steps.

    The number of steps a call runs changes no bit: they are iterations of one loop. Where batches differ in their steps, each
    number of those is a program of its own. The rates of noise are inputs, so that JAX's cache has one program for all rates
    of a scheme.
    """

    def __init__(self, model: keras.Model):
        self._model = model
        # Outside the loop nothing needs the values that a call begins with, so their memory takes those that it ends with.
        self._functions = {training: jax.jit(self._several(training), donate_argnums=1) for training in (True, False)}
        self._rates = constant_rates(compat.every_layer(model))

    def run(self, batches: Batches, count: int, training: bool) -> tuple[int, dict[str, float]]:
        """Run the first `count` steps, or those until the mean loss is not finite; return how many, and the metrics."""
        fixed, changing = self._variables(training)
        now = self._rates | constant_rates(compat.every_layer(self._model))
        rates = [np.float32(now[place]) for place in self._rates]
        done, logs, state = self._functions[training](_values(fixed), _values(changing), rates, batches, np.int32(count))
        for variables, values in zip(changing, state, strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
        done, logs = jax.device_get((done, logs))
        return int(done), {name: float(value) for name, value in logs.items()}

    def close(self) -> None:
        """Release the programs; the steps can't be run again."""
        for function in self._functions.values():
            function.clear_cache()
        self._functions.clear()

    def _variables(self, training: bool) -> tuple[Kinds, Kinds]:
        """The variables that steps read only, and those that they change."""
        model = self._model
        weights, side, metrics = model.trainable_variables, model.non_trainable_variables, model.metrics_variables
        return ((), (weights, side, model.optimizer.variables, metrics)) if training else ((weights,), (side, metrics))

    def _several(self, training: bool) -> Callable[..., tuple[jax.Array, Record, State]]:
        model = self._model
        step = model.train_step if training else model.test_step

        def several(
            fixed: State, start: State, rates: list[jax.Array], batches: Batches, count: jax.Array
        ) -> tuple[jax.Array, Record, State]:
            def turn(reached: tuple[jax.Array, jax.Array, State]) -> tuple[jax.Array, jax.Array, State]:
                done, _, changing = reached
                with handed(self._rates, rates):
                    logs, state = step((*fixed, *changing), tuple(batch[done] for batch in batches))
                return done + 1, jnp.isfinite(logs["loss"]) | (not training), state[len(fixed) :]

            def on(reached: tuple[jax.Array, jax.Array, State]) -> jax.Array:
                done, finite, _ = reached
                return (done < count) & finite

            done, _, state = lax.while_loop(on, turn, (jnp.int32(0), jnp.bool(True), start))
            with keras.StatelessScope(list(zip(model.metrics_variables, state[-1], strict=True))):
                return done, model.get_metrics_result(), state

        return several


def _values(kinds: Kinds) -> State:
    return tuple([variable.value for variable in variables] for variables in kinds)
