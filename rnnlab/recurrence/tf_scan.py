"""The fast scan on TensorFlow: products kept, steps replayed, weight gradients taken once after the loop."""

from collections.abc import Callable

import tensorflow as tf
from keras import activations

from rnnlab import compat
from rnnlab.cells.kinds import StepFunction
from rnnlab.cells.steps import Activation, SiteMasks, States, Tensor, as_it_is
from rnnlab.recurrence.tf_arrays import empty, packed, recorded_in_graph, used
from rnnlab.recurrence.tf_batch_split import Given, joined, merged, parts
from rnnlab.tensors import Tree

SLOPES = {
    activations.sigmoid: lambda y, d: tf.raw_ops.SigmoidGrad(y=y, dy=d),
    activations.tanh: lambda y, d: tf.raw_ops.TanhGrad(y=y, dy=d),
}
"""Activations whose derivative follows from their value: (value, its cotangent) -> the cotangent of the argument."""


TensorArrays = Tree
"""TensorFlow's arrays of tensors, one a step, in tuples and mappings."""


class Scan:
    """A repeated step with its own gradient."""

    def __init__(self, step: StepFunction, output_size: int | None = None) -> None:
        self.step, self.output_size = step, output_size
        self.output: int | None = None
        """The number of the state that is the output, or None where it is none of them."""
        self.plain: dict[str, int] = {}
        """The products whose operand is an unchanged state, by the number of the state."""

    def __call__(self, given: Given) -> tuple[Tensor, States]:
        """The outputs and the last states."""

        @tf.custom_gradient
        def run(*flat: Tensor) -> tuple[tuple[Tensor, ...], Callable[..., list[Tensor]]]:
            now = given.with_sources(*tf.nest.pack_sequence_as(given.sources, flat))
            outputs, final, saved = self.forward(now)
            saved, opened = (saved, as_it_is) if recorded_in_graph() else packed(saved)

            def backward(d_outputs: Tensor, *d_final: Tensor) -> list[Tensor]:
                return tf.nest.flatten(self.backward(now, opened(saved), d_outputs, d_final))

            return (outputs, *final), backward

        outputs, *final = run(*tf.nest.flatten(given.sources))
        compat.bind_gradient_to_graph(outputs)
        return outputs, tuple(final)

    def forward(self, given: Given) -> tuple[Tensor, States, Tree]:
        """Run all parts of a batch and save what each part saves."""
        each = given.split(parts(given))
        outputs, final, saved = zip(*map(self.run, each), strict=True)
        return tf.concat(outputs, 1), joined(final), list(zip(each, saved, strict=True))

    def backward(self, given: Given, saved: Tree, d_outputs: Tensor, d_final: States) -> tuple[Tree, ...]:
        """Replay all parts and join their gradients."""
        return merged([self.replay(part, kept, d_outputs, d_final) for part, kept in saved])

    def run(self, given: Given) -> tuple[Tensor, States, Tree]:
        """Run all steps; save the states from first to last, operand and result of every product, and activations."""
        steps = given.steps()

        def body(t: Tensor, x: Tensor, states: States, path: TensorArrays, *saving: TensorArrays) -> tuple[Tree, ...]:
            kept = _StepValues(given)
            with used(path, *saving):
                output, new = self.step(x, states, given.noise(t), given.params, kept.matmul, keep=kept.keep)
            self._note(output, new, states, kept)
            *arrays, own = saving
            own = own if self.output is not None else own.write(t, output)
            saved = *_write(tuple(arrays), t, (self._passed(kept.operands), kept.products, kept.wide_as(states[0]))), own
            return t + 1, given.input((t + 1) % steps), new, _write(path, t + 1, new), *saved

        start = self._start(given)
        _, _, final, path, operands, *saved, own = tf.while_loop(lambda t, *_: t < steps, body, start, maximum_iterations=steps)
        outputs = own.stack() if self.output is None else path[self.output].stack()[1:]
        return outputs, final, (path, self._passed(operands), *saved)

    def _start(self, given: Given) -> tuple[Tree, ...]:
        """The state of the loop before the first step: its number, input and states, and the arrays to be filled."""
        states = given.states
        path = tuple(empty(given.steps() + 1, state.shape, state.dtype).write(0, state) for state in states)
        own = given.empty(self.output_size or states[0].shape[-1])
        return 0, given.input(0), states, path, given.arrays(0), given.arrays(1), self.slots(given), own

    def _note(self, output: Tensor, new: States, old: States, kept: "_StepValues") -> None:
        """Note which state is the output, and which products have a state as their operand."""
        self.output = next((n for n, state in enumerate(new) if state is output), None)
        self.plain = {name: n for name, operand in kept.operands.items() for n, state in enumerate(old) if operand is state}

    def _passed(self, operands: dict[str, Tree]) -> dict[str, Tree]:
        """The operands that are not states, which are saved separately."""
        return {name: operand for name, operand in operands.items() if name not in self.plain}

    def replay(self, given: Given, saved: Tree, d_outputs: Tensor, d_final: States) -> tuple[Tree, ...]:
        """Replay the steps from the last to the first; then one product for the gradient of each kernel.

        The incoming cotangents cover the whole batch.
        """
        path, operands, products, active = saved
        steps = given.steps()
        transposed = {name: tf.transpose(kernel) for name, kernel in given.kernels.items()}
        added: set[str] = set()  # products that the step adds to x as they are: their cotangent is x's, stacked once

        def body(
            t: Tensor, now: Tree, d_states: States, d_params: Tree, d_inputs: TensorArrays, deltas: TensorArrays
        ) -> tuple[Tree, ...]:
            sources = (now[0], _read(path, t), given.params, now[1])
            cotangents = (given.rows(d_outputs[t]), d_states)
            d_x, d_states, d_now, delta = self.pull(sources, given.noise(t), _read(active, t), cotangents, transposed)
            d_params = tf.nest.map_structure(tf.add, d_params, d_now)
            added.update(name for name in delta if delta[name] is d_x)
            own = {name: d for name, d in delta.items() if name not in added}
            return t - 1, gates((t - 1) % steps), d_states, d_params, d_inputs.write(t, d_x), _write(deltas, t, own)

        def gates(t: Tensor) -> Tree:  # carried from step to step, so that XLA computes them by vectors; see _each for JAX
            return given.input(t), _read(products, t)

        zero = tf.nest.map_structure(tf.zeros_like, given.params)
        arrays = (given.empty(given.inputs.shape[-1]), given.arrays(1))
        start = (steps - 1, gates(steps - 1), tuple(map(given.rows, d_final)), zero, *arrays)
        *_, d_states, d_params, d_inputs, deltas = tf.while_loop(lambda t, *_: t >= 0, body, start, maximum_iterations=steps)
        d_x = d_inputs.stack()
        v = {name: array.stack() for name, array in operands.items()}
        v |= {name: path[place].stack()[:-1] for name, place in self.plain.items()}
        d_products = {name: d_x if name in added else deltas[name].stack() for name in given.kernels}
        return d_x, d_states, *_by_weights(given, v, d_products), d_params

    def pull(
        self, sources: Tree, noise: SiteMasks, active: dict[int, Tensor], cotangents: Tree, transposed: dict[str, Tensor]
    ) -> tuple[Tree, ...]:
        """Return the cotangents of a step's sources: its input, states and parameters, and the products kept by the forward
        run.

        A product is a source here, so autodiff stops at it; its cotangent is carried on to its operand by hand, from the
        last product of the step to the first, and so no product is computed again. Nor is an activation that was kept.
        """
        x, states, params, kept = sources
        operands: dict[str, Tensor] = {}
        values = iter(active.values())

        def matmul(name: str, operand: Tensor) -> Tensor:
            operands[name] = operand
            return kept[name]

        def keep(function: Activation) -> Activation:
            return lambda a: _activated(function, a, next(values, None))

        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(sources)
            results = self.step(x, states, noise, params, matmul, keep=keep)
        flat, pulled = tf.nest.flatten(sources), tf.nest.flatten(tape.gradient(results, sources, cotangents))
        for name in reversed(operands):
            delta = tf.nest.pack_sequence_as(sources, pulled)[3][name]
            if delta is None:  # no result depends on it
                continue
            onward = tape.gradient(operands[name], flat, tf.matmul(delta, transposed[name]))
            pulled = [_sum(*pair) for pair in zip(pulled, onward, strict=True)]
        zeroed = [tf.zeros_like(source) if d is None else d for source, d in zip(flat, pulled, strict=True)]
        return tf.nest.pack_sequence_as(sources, zeroed)

    def slots(self, given: Given) -> dict[int, tf.TensorArray]:
        """Arrays for the activations of a step, in their order: one for every part of the input, and one more."""
        state = given.states[0]
        gates = given.inputs.shape[-1] // state.shape[-1]
        return {n: given.empty(state.shape[-1]) for n in range(gates + 1)}


class _StepValues:
    """The operands and results of a step's products, and the values of its activations in their order."""

    def __init__(self, given: Given) -> None:
        self.given, self.operands, self.products = given, dict[str, Tensor](), dict[str, Tensor]()
        self.values: list[Tensor] = []

    def matmul(self, name: str, operand: Tensor) -> Tensor:
        """The product of a name."""
        self.operands[name], self.products[name] = operand, self.given.product(name, operand)
        return self.products[name]

    def keep(self, function: Activation) -> Activation:
        """An activation whose values are kept."""

        def kept_in_order(a: Tensor) -> Tensor:
            self.values.append(function(a))
            return self.values[-1]

        return kept_in_order

    def wide_as(self, state: Tensor) -> dict[int, Tensor]:
        """The values of activations that are as wide as a state, by their number."""
        return {n: value for n, value in enumerate(self.values) if value.shape[-1] == state.shape[-1]}


def _by_weights(given: Given, v: dict[str, Tensor], d_products: dict[str, Tensor]) -> tuple[dict[str, Tensor], ...]:
    """The gradients of kernels and biases from the operands of all products and their cotangents."""
    d_kernels = {name: tf.matmul(_flat(v[name]), _flat(d_products[name]), transpose_a=True) for name in given.kernels}
    return d_kernels, {name: tf.reduce_sum(_flat(d_products[name]), 0) for name in given.biases}


def _activated(function: Activation, a: Tensor, kept: Tensor | None) -> Tensor:
    """The activation of a, as kept by the forward scan where its derivative follows from its value."""
    if kept is None or function not in SLOPES or kept.shape[-1] != a.shape[-1]:
        return function(a)
    value = tf.identity(kept)
    compat.tape_recorder().record_operation("Activation", [value], [a], lambda d: [SLOPES[function](kept, d)])
    return value


def _sum(a: Tensor | None, b: Tensor | None) -> Tensor | None:
    """The sum of two cotangents, either of which may not exist."""
    return b if a is None else a if b is None else a + b


def _flat(tensor: Tensor) -> Tensor:
    """Steps and examples as one axis."""
    return tf.reshape(tensor, (-1, tensor.shape[-1]))


def _read(arrays: TensorArrays, t: Tensor) -> Tree:
    return tf.nest.map_structure(lambda array: array.read(t), arrays)


def _write(arrays: TensorArrays, t: Tensor, values: Tree) -> TensorArrays:
    """The arrays, those of a mapping for which there is a value, or all of a tuple, with the values written at t."""
    if isinstance(arrays, dict):
        return arrays | {name: arrays[name].write(t, value) for name, value in values.items() if name in arrays}
    if isinstance(arrays, tuple):
        return tuple(_write(array, t, value) for array, value in zip(arrays, values, strict=True))
    return arrays.write(t, values)
