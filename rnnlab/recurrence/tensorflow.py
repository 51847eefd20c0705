"""The fast scan on TensorFlow: products kept, steps replayed, weight gradients taken once after the loop."""

from typing import Any

import tensorflow as tf

from rnnlab.cells.steps import Noise, States, Tensor
from rnnlab.recurrence.masking import masked


def scan(
    step: Any,
    inputs: Tensor,
    states: States,
    kernels: dict[str, Tensor],
    params: dict[str, Tensor],
    fixed: dict[str, Tensor],
    varying: dict[str, Tensor],
    mask: Tensor | None = None,
    zero_output: bool = False,
) -> tuple[Tensor, States]:
    """Repeat `step` by `tf.while_loop`; arguments and results as in rnnlab.recurrence."""
    if mask is None:
        return _Scan(step, fixed, varying, kernels, params)(inputs, states)
    varying = varying | {"mask": tf.cast(mask, tf.bool)[..., tf.newaxis]}
    states = (*states, tf.zeros_like(states[0]))
    outputs, final = _Scan(masked(step, zero_output), fixed, varying, kernels, params)(inputs, states)
    return outputs, final[:-1]


class _Scan:
    """One use of the scan: the step, its noise and its weights, with a gradient of its own."""

    def __init__(self, step: Any, fixed: Noise, varying: Noise, kernels: Any, params: Any) -> None:
        self.step, self.fixed, self.kernels, self.params = step, fixed, kernels, params
        self.varying = tf.nest.map_structure(_array, varying)

    def __call__(self, inputs: Tensor, states: States) -> tuple[Tensor, States]:
        operands = (inputs, states, self.kernels, self.params)

        @tf.custom_gradient
        def run(*flat: Tensor) -> Any:
            inputs, states, self.kernels, self.params = tf.nest.pack_sequence_as(operands, flat)
            outputs, final, saved = self.forward(inputs, states)

            def backward(d_outputs: Tensor, *d_final: Tensor) -> list[Tensor]:
                return tf.nest.flatten(self.backward(saved, d_outputs, d_final))

            return (outputs, *final), backward

        outputs, *final = run(*tf.nest.flatten(operands))
        return outputs, tuple(final)

    def forward(self, inputs: Tensor, states: States) -> tuple[Tensor, States, Any]:
        """Run all steps; save the inputs, the states before every step, and operand and result of every product."""
        steps, xs = tf.shape(inputs)[0], _array(inputs)

        def body(t: Tensor, states: States, outputs: Any, before: Any, operands: Any, products: Any) -> Any:
            v: dict[str, Tensor] = {}
            kept: dict[str, Tensor] = {}

            def matmul(name: str, operand: Tensor) -> Tensor:
                v[name], kept[name] = operand, tf.matmul(operand, self.kernels[name])
                return kept[name]

            output, new = self.step(xs.read(t), states, self.noise(t), self.params, matmul)
            saved = _write((before, operands, products), t, (states, v, kept))
            return t + 1, new, outputs.write(t, output), *saved

        empty = _empty(steps, states[0])
        start = (0, states, empty, tuple(_empty(steps, state) for state in states), *self.arrays(steps, inputs))
        _, final, outputs, *saved = tf.while_loop(lambda t, *_: t < steps, body, start, maximum_iterations=steps)
        return outputs.stack(), final, (steps, xs, *saved)

    def backward(self, saved: Any, d_outputs: Tensor, d_final: States) -> Any:
        """Replay the steps from the last to the first; then one product for the gradient of each kernel."""
        steps, xs, before, operands, products = saved
        d_outs = _array(d_outputs)
        transposed = {name: tf.transpose(kernel) for name, kernel in self.kernels.items()}

        def body(t: Tensor, d_states: States, d_params: Any, d_inputs: Any, deltas: Any) -> Any:
            sources = (xs.read(t), _read(before, t), self.params, _read(products, t))
            d_x, d_states, d_now, delta = self.pull(t, sources, (d_outs.read(t), d_states), transposed)
            d_params = tf.nest.map_structure(tf.add, d_params, d_now)
            added.update(name for name in delta if delta[name] is d_x)
            return t - 1, d_states, d_params, d_inputs.write(t, d_x), _write(deltas, t, delta)

        added: set[str] = set()  # products that the step adds to x as they are: their cotangent is x's, stacked once
        zero = tf.nest.map_structure(tf.zeros_like, self.params)
        start = (steps - 1, d_final, zero, _empty(steps, xs.read(0)), self.arrays(steps, d_outputs)[1])
        _, d_states, d_params, d_inputs, deltas = tf.while_loop(lambda t, *_: t >= 0, body, start, maximum_iterations=steps)
        d_x = d_inputs.stack()
        d_products = {name: d_x if name in added else deltas[name].stack() for name in self.kernels}
        d_kernels = {name: _kernel_gradient(operands[name].stack(), delta) for name, delta in d_products.items()}
        return d_x, d_states, d_kernels, d_params

    def pull(self, t: Tensor, sources: Any, cotangents: Any, transposed: dict[str, Tensor]) -> Any:
        """The cotangents of a step's sources: its input, states and parameters, and the products kept by the forward run.

        A product is a source here, so autodiff stops at it; its cotangent is carried on to its operand by hand, from the
        last product of the step to the first, and so no product is computed again.
        """
        x, states, params, kept = sources
        operands: dict[str, Tensor] = {}

        def matmul(name: str, operand: Tensor) -> Tensor:
            operands[name] = operand
            return kept[name]

        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(sources)
            results = self.step(x, states, self.noise(t), params, matmul)
        flat, pulled = tf.nest.flatten(sources), tf.nest.flatten(tape.gradient(results, sources, cotangents))
        for name in reversed(operands):
            delta = tf.nest.pack_sequence_as(sources, pulled)[3][name]
            onward = tape.gradient(operands[name], flat, tf.matmul(delta, transposed[name]))
            pulled = [_sum(*pair) for pair in zip(pulled, onward, strict=True)]
        zeroed = [tf.zeros_like(source) if d is None else d for source, d in zip(flat, pulled, strict=True)]
        return tf.nest.pack_sequence_as(sources, zeroed)

    def arrays(self, steps: Tensor, like: Tensor) -> list[dict[str, tf.TensorArray]]:
        """Arrays for the operands and for the results of every product, with the batch of `like`, (steps, batch, ...)."""
        return [
            {name: _empty(steps, like, (like.shape[1], kernel.shape[axis])) for name, kernel in self.kernels.items()}
            for axis in (0, 1)
        ]

    def noise(self, t: Tensor) -> Noise:
        """The noise of step t."""
        return {**self.fixed, **_read(self.varying, t)}


def _sum(a: Tensor | None, b: Tensor | None) -> Tensor | None:
    """The sum of two cotangents, either of which may not exist."""
    return b if a is None else a if b is None else a + b


def _kernel_gradient(v: Tensor, delta: Tensor) -> Tensor:
    """The sum over steps and examples of v times delta, both (steps, batch, width)."""
    flat = (tf.reshape(side, (-1, side.shape[-1])) for side in (v, delta))
    return tf.matmul(*flat, transpose_a=True)


def _array(tensor: Tensor) -> tf.TensorArray:
    array = tf.TensorArray(tensor.dtype, tf.shape(tensor)[0], element_shape=tensor.shape[1:], clear_after_read=False)
    return array.unstack(tensor)


def _empty(steps: Tensor, like: Tensor, shape: Any = None) -> tf.TensorArray:
    shape = like.shape if shape is None else shape
    return tf.TensorArray(like.dtype, steps, element_shape=shape, clear_after_read=False)


def _read(arrays: Any, t: Tensor) -> Any:
    return tf.nest.map_structure(lambda array: array.read(t), arrays)


def _write(arrays: Any, t: Tensor, values: Any) -> Any:
    return tf.nest.map_structure(lambda array, value: array.write(t, value), arrays, values)
