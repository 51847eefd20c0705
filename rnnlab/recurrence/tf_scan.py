"""The fast scan on TensorFlow: products kept, steps replayed, weight gradients taken once after the loop."""

from typing import Any

import tensorflow as tf
from keras import activations

from rnnlab import compat
from rnnlab.cells.kinds import Step
from rnnlab.cells.steps import Noise, States, Tensor, as_it_is
from rnnlab.recurrence.tf_arrays import empty, packed, recorded_in_graph, used
from rnnlab.recurrence.tf_batch_split import Given, joined, merged, parts

SLOPES = {
    activations.sigmoid: lambda y, d: tf.raw_ops.SigmoidGrad(y=y, dy=d),
    activations.tanh: lambda y, d: tf.raw_ops.TanhGrad(y=y, dy=d),
}
"""Activations whose derivative follows from their value: (value, its cotangent) -> the cotangent of the argument."""


class Scan:
    """A repeated step with a gradient of its own."""

    def __init__(self, step: Step, output_size: int | None = None) -> None:
        self.step, self.output_size = step, output_size
        self.output: int | None = None
        """The number of the state that is the output, or None where it is none of them."""
        self.plain: dict[str, int] = {}
        """The products whose operand is a state as it is, by the number of the state."""

    def __call__(self, given: Given) -> tuple[Tensor, States]:
        """The outputs and the last states."""

        @tf.custom_gradient
        def run(*flat: Tensor) -> Any:
            now = given.with_sources(*tf.nest.pack_sequence_as(given.sources, flat))
            outputs, final, saved = self.forward(now)
            saved, opened = (saved, as_it_is) if recorded_in_graph() else packed(saved)

            def backward(d_outputs: Tensor, *d_final: Tensor) -> list[Tensor]:
                return tf.nest.flatten(self.backward(now, opened(saved), d_outputs, d_final))

            return (outputs, *final), backward

        outputs, *final = run(*tf.nest.flatten(given.sources))
        compat.bind_gradient_to_graph(outputs)
        return outputs, tuple(final)

    def forward(self, given: Given) -> tuple[Tensor, States, Any]:
        """Run all parts of a batch and save what each part saves."""
        each = given.split(parts(given))
        outputs, final, saved = zip(*map(self.run, each), strict=True)
        return tf.concat(outputs, 1), joined(final), list(zip(each, saved, strict=True))

    def backward(self, given: Given, saved: Any, d_outputs: Tensor, d_final: States) -> Any:
        """Replay all parts and join their gradients."""
        return merged([self.replay(part, kept, d_outputs, d_final) for part, kept in saved])

    def run(self, given: Given) -> tuple[Tensor, States, Any]:
        """Run all steps; save the states from first to last, operand and result of every product, and activations."""
        states, steps = given.states, given.steps()

        def body(t: Tensor, x: Tensor, states: States, path: Any, operands: Any, products: Any, active: Any, own: Any) -> Any:
            v: dict[str, Tensor] = {}
            kept: dict[str, Tensor] = {}
            values: list[Tensor] = []

            def matmul(name: str, operand: Tensor) -> Tensor:
                v[name], kept[name] = operand, given.product(name, operand)
                return kept[name]

            def keep(function: Any) -> Any:
                def kept_in_order(a: Tensor) -> Tensor:
                    values.append(function(a))
                    return values[-1]

                return kept_in_order

            with used(path, operands, products, active, own):
                output, new = self.step(x, states, given.noise(t), given.params, matmul, keep=keep)
            self.output = next((n for n, state in enumerate(new) if state is output), None)
            own = own if self.output is not None else own.write(t, output)
            self.plain = {name: n for name in v for n, state in enumerate(states) if v[name] is state}
            passed = {name: operand for name, operand in v.items() if name not in self.plain}
            fitting = {n: value for n, value in enumerate(values) if value.shape[-1] == states[0].shape[-1]}
            saved = *_write((operands, products, active), t, (passed, kept, fitting)), own
            return t + 1, given.input((t + 1) % steps), new, _write(path, t + 1, new), *saved

        path = tuple(empty(steps + 1, state.shape, state.dtype).write(0, state) for state in states)
        own = given.empty(self.output_size or states[0].shape[-1])
        start = (0, given.input(0), states, path, given.arrays(0), given.arrays(1), self.slots(given), own)
        _, _, final, path, operands, *saved, own = tf.while_loop(lambda t, *_: t < steps, body, start, maximum_iterations=steps)
        operands = {name: array for name, array in operands.items() if name not in self.plain}
        outputs = own.stack() if self.output is None else path[self.output].stack()[1:]
        return outputs, final, (path, operands, *saved)

    def replay(self, given: Given, saved: Any, d_outputs: Tensor, d_final: States) -> Any:
        """Replay the steps from the last to the first; then one product for the gradient of each kernel.

        The incoming cotangents cover the whole batch.
        """
        path, operands, products, active = saved
        steps = given.steps()
        transposed = {name: tf.transpose(kernel) for name, kernel in given.kernels.items()}

        def body(t: Tensor, now: Any, d_states: States, d_params: Any, d_inputs: Any, deltas: Any) -> Any:
            sources = (now[0], _read(path, t), given.params, now[1])
            cotangents = (given.rows(d_outputs[t]), d_states)
            d_x, d_states, d_now, delta = self.pull(sources, given.noise(t), _read(active, t), cotangents, transposed)
            d_params = tf.nest.map_structure(tf.add, d_params, d_now)
            added.update(name for name in delta if delta[name] is d_x)
            own = {name: d for name, d in delta.items() if name not in added}
            return t - 1, gates((t - 1) % steps), d_states, d_params, d_inputs.write(t, d_x), _write(deltas, t, own)

        def gates(t: Tensor) -> Any:  # carried from step to step, so that XLA computes them by vectors; see _each for JAX
            return given.input(t), _read(products, t)

        added: set[str] = set()  # products that the step adds to x as they are: their cotangent is x's, stacked once
        zero = tf.nest.map_structure(tf.zeros_like, given.params)
        arrays = (given.empty(given.inputs.shape[-1]), given.arrays(1))
        start = (steps - 1, gates(steps - 1), tuple(map(given.rows, d_final)), zero, *arrays)
        *_, d_states, d_params, d_inputs, deltas = tf.while_loop(lambda t, *_: t >= 0, body, start, maximum_iterations=steps)
        d_x = d_inputs.stack()
        v = {name: array.stack() for name, array in operands.items()}
        v |= {name: path[place].stack()[:-1] for name, place in self.plain.items()}
        d_products = {name: d_x if name in added else deltas[name].stack() for name in given.kernels}
        d_kernels = {name: tf.matmul(_flat(v[name]), _flat(d_products[name]), transpose_a=True) for name in given.kernels}
        d_biases = {name: tf.reduce_sum(_flat(d_products[name]), 0) for name in given.biases}
        return d_x, d_states, d_kernels, d_biases, d_params

    def pull(self, sources: Any, noise: Noise, active: Any, cotangents: Any, transposed: dict[str, Tensor]) -> Any:
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

        def keep(function: Any) -> Any:
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


def _activated(function: Any, a: Tensor, kept: Tensor | None) -> Tensor:
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


def _read(arrays: Any, t: Tensor) -> Any:
    return tf.nest.map_structure(lambda array: array.read(t), arrays)


def _write(arrays: Any, t: Tensor, values: Any) -> Any:
    """The arrays, those of a mapping for which there is a value, or all of a tuple, with the values written at t."""
    if isinstance(arrays, dict):
        return arrays | {name: arrays[name].write(t, value) for name, value in values.items() if name in arrays}
    if isinstance(arrays, tuple):
        return tuple(_write(array, t, value) for array, value in zip(arrays, values, strict=True))
    return arrays.write(t, values)
