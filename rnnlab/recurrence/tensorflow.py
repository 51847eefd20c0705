"""The fast scan on TensorFlow: products kept, steps replayed, weight gradients taken once after the loop."""

from typing import Any

import tensorflow as tf
from keras import activations
from tensorflow.python.eager import record  # tf.custom_gradient would compute again what it is called with

from rnnlab.cells.steps import Noise, States, Tensor
from rnnlab.recurrence.masking import masked

SLOPES = {
    activations.sigmoid: lambda y, d: tf.raw_ops.SigmoidGrad(y=y, dy=d),
    activations.tanh: lambda y, d: tf.raw_ops.TanhGrad(y=y, dy=d),
}
"""Activations whose slope can be told from their value: what a cotangent of the value gives the argument."""
COMPILED_FROM = 64
"""The least number of steps of a loop, known while a function is traced, that is compiled by XLA: what
compiling takes is won back by long loops only."""


def scan(
    step: Any,
    inputs: Tensor,
    states: States,
    kernels: dict[str, Tensor],
    biases: dict[str, Tensor],
    params: dict[str, Tensor],
    fixed: dict[str, Tensor],
    varying: dict[str, Tensor],
    mask: Tensor | None = None,
    zero_output: bool = False,
) -> tuple[Tensor, States]:
    """Repeat `step` by `tf.while_loop`; arguments and results as in rnnlab.recurrence."""
    if mask is None:
        return _kind(inputs)(step, fixed, varying, kernels, biases, params)(inputs, states)
    varying = varying | {"mask": tf.cast(mask, tf.bool)[..., tf.newaxis]}
    states = (*states, tf.zeros_like(states[0]))
    outputs, final = _kind(inputs)(masked(step, zero_output), fixed, varying, kernels, biases, params)(inputs, states)
    return outputs, final[:-1]


def _kind(inputs: Tensor) -> type["_Scan"]:
    """The scan for inputs (steps, batch, width)."""
    return _Compiled if (inputs.shape[0] or 0) >= COMPILED_FROM and not tf.executing_eagerly() else _Scan


class _Scan:
    """One use of the scan: the step, its noise and its weights, with a gradient of its own."""

    def __init__(self, step: Any, fixed: Noise, varying: Noise, *weights: Any) -> None:
        self.step, self.fixed, self.varying = step, fixed, varying
        self.kernels, self.biases, self.params = weights
        self.output = 0
        """The number of the state that is the output."""
        self.plain: dict[str, int] = {}
        """The products whose operand is a state as it is, by the number of the state."""

    def __call__(self, inputs: Tensor, states: States) -> tuple[Tensor, States]:
        operands = (inputs, states, self.kernels, self.biases, self.params)

        @tf.custom_gradient
        def run(*flat: Tensor) -> Any:
            inputs, states, self.kernels, self.biases, self.params = tf.nest.pack_sequence_as(operands, flat)
            outputs, final, saved = self.forward(inputs, states)

            def backward(d_outputs: Tensor, *d_final: Tensor) -> list[Tensor]:
                return tf.nest.flatten(self.backward(saved, d_outputs, d_final))

            return (outputs, *final), backward

        outputs, *final = run(*tf.nest.flatten(operands))
        return outputs, tuple(final)

    def forward(self, inputs: Tensor, states: States) -> tuple[Tensor, States, Any]:
        """Run all steps; save the states from first to last, operand and result of every product, and activations."""
        steps = inputs.shape[0] or tf.shape(inputs)[0]

        def body(t: Tensor, x: Tensor, states: States, path: Any, operands: Any, products: Any, active: Any) -> Any:
            v: dict[str, Tensor] = {}
            kept: dict[str, Tensor] = {}
            values: list[Tensor] = []

            def matmul(name: str, operand: Tensor) -> Tensor:
                v[name], kept[name] = operand, self.product(name, operand)
                return kept[name]

            def keep(function: Any) -> Any:
                def kept_in_order(a: Tensor) -> Tensor:
                    values.append(function(a))
                    return values[-1]

                return kept_in_order

            output, new = self.step(x, states, self.noise(t), self.params, matmul, keep=keep)
            self.output = next(n for n, state in enumerate(new) if state is output)
            self.plain = {name: n for name in v for n, state in enumerate(states) if v[name] is state}
            own = {name: operand for name, operand in v.items() if name not in self.plain}
            saved = _write((operands, products, active), t, (own, kept, dict(enumerate(values))))
            return t + 1, inputs[(t + 1) % steps], new, _write(path, t + 1, new), *saved

        path = tuple(_empty(steps + 1, state.shape, state.dtype).write(0, state) for state in states)
        start = (0, inputs[0], states, path, *self.arrays(steps, inputs), self.slots(steps, inputs, states[0]))
        _, _, final, path, operands, *saved = tf.while_loop(lambda t, *_: t < steps, body, start, maximum_iterations=steps)
        operands = {name: array for name, array in operands.items() if name not in self.plain}
        return path[self.output].stack()[1:], final, (inputs, path, operands, *saved)

    def backward(self, saved: Any, d_outputs: Tensor, d_final: States) -> Any:
        """Replay the steps from the last to the first; then one product for the gradient of each kernel."""
        inputs, path, operands, products, active = saved
        steps = inputs.shape[0] or tf.shape(inputs)[0]
        transposed = {name: tf.transpose(kernel) for name, kernel in self.kernels.items()}

        def body(t: Tensor, now: Any, d_states: States, d_params: Any, d_inputs: Any, deltas: Any) -> Any:
            sources = (now[0], _read(path, t), self.params, now[1])
            d_x, d_states, d_now, delta = self.pull(t, sources, _read(active, t), (d_outputs[t], d_states), transposed)
            d_params = tf.nest.map_structure(tf.add, d_params, d_now)
            added.update(name for name in delta if delta[name] is d_x)
            own = {name: d for name, d in delta.items() if name not in added}
            return t - 1, gates((t - 1) % steps), d_states, d_params, d_inputs.write(t, d_x), _write(deltas, t, own)

        def gates(t: Tensor) -> Any:  # carried from step to step, so that XLA computes them by vectors; see _each for JAX
            return inputs[t], _read(products, t)

        added: set[str] = set()  # products that the step adds to x as they are: their cotangent is x's, stacked once
        zero = tf.nest.map_structure(tf.zeros_like, self.params)
        arrays = (_empty(steps, inputs.shape[1:], inputs.dtype), self.arrays(steps, inputs)[1])
        start = (steps - 1, gates(steps - 1), d_final, zero, *arrays)
        *_, d_states, d_params, d_inputs, deltas = tf.while_loop(lambda t, *_: t >= 0, body, start, maximum_iterations=steps)
        d_x = d_inputs.stack()
        v = {name: array.stack() for name, array in operands.items()}
        v |= {name: path[place].stack()[:-1] for name, place in self.plain.items()}
        d_products = {name: d_x if name in added else deltas[name].stack() for name in self.kernels}
        d_kernels = {name: tf.matmul(_flat(v[name]), _flat(d_products[name]), transpose_a=True) for name in self.kernels}
        d_biases = {name: tf.reduce_sum(_flat(d_products[name]), 0) for name in self.biases}
        return d_x, d_states, d_kernels, d_biases, d_params

    def pull(self, t: Tensor, sources: Any, active: dict[int, Tensor], cotangents: Any, transposed: dict[str, Tensor]) -> Any:
        """The cotangents of a step's sources: its input, states and parameters, and the products kept by the forward run.

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
            results = self.step(x, states, self.noise(t), params, matmul, keep=keep)
        flat, pulled = tf.nest.flatten(sources), tf.nest.flatten(tape.gradient(results, sources, cotangents))
        for name in reversed(operands):
            delta = tf.nest.pack_sequence_as(sources, pulled)[3][name]
            onward = tape.gradient(operands[name], flat, tf.matmul(delta, transposed[name]))
            pulled = [_sum(*pair) for pair in zip(pulled, onward, strict=True)]
        zeroed = [tf.zeros_like(source) if d is None else d for source, d in zip(flat, pulled, strict=True)]
        return tf.nest.pack_sequence_as(sources, zeroed)

    def product(self, name: str, v: Tensor) -> Tensor:
        """The recurrent product of a name, with its bias where it has one."""
        product = tf.matmul(v, self.kernels[name])
        return tf.nn.bias_add(product, self.biases[name]) if name in self.biases else product

    def arrays(self, steps: Tensor, like: Tensor) -> list[dict[str, tf.TensorArray]]:
        """Arrays for the operands and for the results of every product, with the batch of `like`, (steps, batch, ...)."""
        return [
            {name: _empty(steps, (like.shape[1], kernel.shape[axis]), like.dtype) for name, kernel in self.kernels.items()}
            for axis in (0, 1)
        ]

    def slots(self, steps: Tensor, inputs: Tensor, state: Tensor) -> dict[int, tf.TensorArray]:
        """Arrays for the activations of a step, in their order: one for every part of the input, and one more."""
        return {n: _empty(steps, state.shape, state.dtype) for n in range(inputs.shape[-1] // state.shape[-1] + 1)}

    def noise(self, t: Tensor) -> Noise:
        """The noise of step t."""
        return {**self.fixed, **tf.nest.map_structure(lambda noise: noise[t], self.varying)}


class _Compiled(_Scan):
    """The scan as two programs of XLA, in which the many small operations of a step become few."""

    sources: Any
    """What the gradient is taken by."""

    def forward(self, inputs: Tensor, states: States) -> tuple[Tensor, States, Any]:
        """As the scan; what is saved leaves the program stacked."""
        forward = super().forward
        self.sources = (inputs, states, self.kernels, self.biases, self.params)

        def program() -> Any:
            outputs, final, (_, *saved) = forward(inputs, states)
            return outputs, final, tf.nest.map_structure(lambda array: array.stack(), saved)

        outputs, final, saved = _compiled(program)
        return outputs, final, (inputs, *saved)

    def backward(self, saved: Any, d_outputs: Tensor, d_final: States) -> Any:
        """As the scan, from what was saved stacked; it has the derivative of the plain scan's, for a program has none."""
        backward = super().backward
        given = (self.sources, (d_outputs, d_final), (self.fixed, self.varying))
        given = tf.nest.map_structure(tf.identity, given)  # of this graph: `second` may be built in one beside the first

        def program() -> Any:
            inputs, *stacked = saved
            return backward((inputs, *tf.nest.map_structure(_unstacked, stacked)), d_outputs, d_final)

        @tf.custom_gradient
        def run(*flat: Tensor) -> Any:
            return tf.nest.flatten(_compiled(program)), lambda *cotangents: self.second(given, cotangents)

        return tf.nest.pack_sequence_as(self.sources, run(*tf.nest.flatten(given)))

    def second(self, given: Any, cotangents: Any) -> list[Tensor]:
        """What cotangents of the plain scan's gradient give all that it is computed from."""
        sources, d_results, noise = given
        inputs, states, *weights = sources
        with tf.GradientTape() as outer:
            outer.watch(given)
            with tf.GradientTape() as inner:
                inner.watch(sources)
                results = _Scan(self.step, *noise, *weights)(inputs, states)
            gradients = inner.gradient(results, sources, d_results)
        return outer.gradient(tf.nest.flatten(gradients), tf.nest.flatten(given), list(cotangents))

    def slots(self, steps: Tensor, inputs: Tensor, state: Tensor) -> dict[int, tf.TensorArray]:
        """No activation is kept: to compute one again is cheaper than to store it."""
        return {}


def _compiled(program: Any) -> Any:
    """What a program of XLA returns. No tape sees it: one that may ask for more than one gradient would keep what XLA can't."""
    traced = tf.function(program, jit_compile=True).get_concrete_function()
    with record.stop_recording():
        return tf.nest.map_structure(tf.stop_gradient, traced())


def _activated(function: Any, a: Tensor, kept: Tensor | None) -> Tensor:
    """The activation of a, as kept by the forward scan where its slope can be told from its value."""
    if kept is None or function not in SLOPES:
        return function(a)
    value = tf.identity(kept)
    record.record_operation("Activation", [value], [a], lambda d: [SLOPES[function](kept, d)])
    return value


def _sum(a: Tensor | None, b: Tensor | None) -> Tensor | None:
    """The sum of two cotangents, either of which may not exist."""
    return b if a is None else a if b is None else a + b


def _flat(tensor: Tensor) -> Tensor:
    """Steps and examples as one axis."""
    return tf.reshape(tensor, (-1, tensor.shape[-1]))


def _empty(steps: Tensor, shape: Any, dtype: Any) -> tf.TensorArray:
    return tf.TensorArray(dtype, steps, element_shape=shape, clear_after_read=False)


def _unstacked(sequence: Tensor) -> tf.TensorArray:
    return _empty(tf.shape(sequence)[0], sequence.shape[1:], sequence.dtype).unstack(sequence)


def _read(arrays: Any, t: Tensor) -> Any:
    return tf.nest.map_structure(lambda array: array.read(t), arrays)


def _write(arrays: Any, t: Tensor, values: Any) -> Any:
    """The arrays, those of a mapping for which there is a value, or all of a tuple, with the values written at t."""
    if isinstance(arrays, dict):
        return arrays | {name: arrays[name].write(t, value) for name, value in values.items() if name in arrays}
    if isinstance(arrays, tuple):
        return tuple(_write(array, t, value) for array, value in zip(arrays, values, strict=True))
    return arrays.write(t, values)
