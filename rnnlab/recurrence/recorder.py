"""The plain loop with a record of every gate and every state, whose states can be nudged."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import keras
from keras import ops

from rnnlab.cells.kinds import CellKind, StepFunction
from rnnlab.cells.steps import SiteMasks, States, Tensor, multiplier
from rnnlab.recurrence.masking import Masked, last_output
from rnnlab.tensors import Tree


class Passage(NamedTuple):
    """The values that passed through a layer, in the order of its steps: tensors (steps, batch, units)."""

    gates: Mapping[str, Tensor]
    """By name: input, forget, output, candidate; update, reset, candidate. Beside them `retained`."""
    states: States
    """The states after every step, in the order of `names`."""
    real: Tensor | None
    """(steps, batch), false at padding; None where nothing is padding."""
    names: tuple[str, ...] = ()
    """The names of the states, as `rnnlab.inspection` adds them: a compiled function returns no text."""


class Watch:
    """Takes the place of a scan (see rnnlab.recurrence) and records gates and states.

    `nudges`, (steps, batch, units) each, are added to the states that every step passes on, and to the output, which is the
    hidden state: the gradient of a loss with respect to a nudge is that with respect to the state. `kind` describes
    the cell.
    """

    def __init__(self, nudges: States = (), kind: CellKind | None = None) -> None:
        self.nudges, self.kind = nudges, kind
        self.passages: list[Passage] = []
        """One for each call of the layer."""

    def __call__(
        self,
        step: StepFunction,
        inputs: Tensor,
        states: States,
        kernels: Mapping[str, Tensor],
        biases: Mapping[str, Tensor],
        params: Mapping[str, Tensor],
        fixed: SiteMasks,
        varying: SiteMasks,
        mask: Tensor | None = None,
        zero_output: bool = False,
        output_size: int | None = None,
    ) -> tuple[Tensor, States]:
        """Repeat `step`, which takes `see` too; arguments and results as in rnnlab.recurrence."""
        own = len(states) - getattr(step, "beside", 0)
        real = None if mask is None else ops.cast(mask, "bool")
        if real is not None:
            varying = {**varying, "mask": real[..., None]}
            states = (*states, last_output(states, output_size))

        def body(states: States, now: Tree) -> tuple[States, Tree]:
            x, noise, nudges = now
            gates: dict[str, Tensor] = {}
            seeing = partial(step, see=lambda name, gate: gates.setdefault(name, gate))
            taken = seeing if real is None else Masked(seeing, zero_output)
            output, new = taken(x, states, {**fixed, **noise}, params, multiplier(kernels, biases))
            if nudges:
                output = output + nudges[0]
                beside = (*new[own:-1], output) if real is not None else new[own:]
                new = (*(state + nudge for state, nudge in zip(new[:own], nudges, strict=True)), *beside)
            return new, (output, new[:own], gates)

        final, (outputs, after, gates) = _each(body, states, (inputs, varying, self.nudges))
        retained = self._retained(gates, {**fixed, **varying})
        self.passages.append(Passage({**gates, **retained}, after, real))
        return outputs, final[:own]

    def _retained(self, gates: Mapping[str, Tensor], noise: SiteMasks) -> dict[str, Tensor]:
        """The factor of the old memory in the new one, where the cell defines it."""
        return {"retained": self.kind.retained(gates, noise)} if self.kind and self.kind.retained and gates else {}


def _each(body: Callable[[Tree, Tree], tuple[Tree, Tree]], carry: Tree, sequences: Tree) -> tuple[Tree, Tree]:
    """Repeat (carry, slice) -> (carry, result) over the first axis; return the last carry and all results, stacked."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.lax.scan(body, carry, sequences)
    if keras.backend.backend() == "tensorflow" and not _eager():
        return _in_graph(body, carry, sequences)
    results = []
    for t in range(len(keras.tree.flatten(sequences)[0])):
        carry, result = body(carry, keras.tree.map_structure(lambda values: values[t], sequences))  # noqa: B023
        results.append(result)
    return carry, keras.tree.map_structure(lambda *values: ops.stack(values), *results)


def _eager() -> bool:
    import tensorflow as tf

    return bool(tf.executing_eagerly())


def _in_graph(body: Callable[[Tree, Tree], tuple[Tree, Tree]], carry: Tree, sequences: Tree) -> tuple[Tree, Tree]:
    """As `_each`, by a loop of TensorFlow's; the first step is outside it, since it shows what there is to collect."""
    import tensorflow as tf

    def at(t: Tensor | int) -> Tree:
        return keras.tree.map_structure(lambda values: values[t], sequences)

    def turn(t: Tensor, carry: Tree, arrays: Tree) -> tuple[Tensor, Tree, Tree]:
        carry, result = body(carry, at(t))
        return t + 1, carry, keras.tree.map_structure(lambda array, value: array.write(t, value), arrays, result)

    count = tf.shape(keras.tree.flatten(sequences)[0])[0]
    carry, first = body(carry, at(0))
    arrays = keras.tree.map_structure(lambda value: tf.TensorArray(value.dtype, count).write(0, value), first)
    _, carry, arrays = tf.while_loop(lambda t, *_: t < count, turn, (tf.constant(1), carry, arrays), parallel_iterations=1)
    return carry, keras.tree.map_structure(lambda array: array.stack(), arrays)
