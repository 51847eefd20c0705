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
        self.varying = {site: _array(noise) for site, noise in varying.items()}

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
        """Run all steps; save the inputs, the states before every step, and every product."""
        steps = tf.shape(inputs)[0]
        xs = _array(inputs)

        def body(t: Tensor, states: States, outputs: Any, before: Any, products: Any) -> Any:
            kept: dict[str, Tensor] = {}

            def matmul(name: str, v: Tensor) -> Tensor:
                kept[name] = tf.matmul(v, self.kernels[name])
                return kept[name]

            output, new = self.step(xs.read(t), states, self.noise(t), self.params, matmul)
            return t + 1, new, outputs.write(t, output), _write(before, t, states), _write(products, t, kept)

        start = (
            0,
            states,
            _empty(steps, states[0]),
            tuple(_empty(steps, state) for state in states),
            {name: _empty(steps, inputs[0], kernel, -1) for name, kernel in self.kernels.items()},
        )
        _, final, outputs, before, products = tf.while_loop(lambda t, *_: t < steps, body, start, maximum_iterations=steps)
        return outputs.stack(), final, (steps, xs, before, products)

    def backward(self, saved: Any, d_outputs: Tensor, d_final: States) -> Any:
        """Replay the steps from the last to the first; then one product for the gradient of each kernel."""
        steps, xs, before, products = saved
        d_outs = _array(d_outputs)
        transposed = {name: tf.linalg.matrix_transpose(kernel) for name, kernel in self.kernels.items()}

        def body(t: Tensor, d_states: States, d_params: Any, d_inputs: Any, multiplied: Any, deltas: Any) -> Any:
            x, states, kept = xs.read(t), _read(before, t), _read(products, t)
            sources = (x, states, self.params, tf.nest.map_structure(tf.zeros_like, kept))
            v: dict[str, Tensor] = {}

            def matmul(name: str, operand: Tensor) -> Tensor:
                v[name] = operand
                return _product(operand, sources[3][name], kept[name], transposed[name])

            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(sources)
                results = self.step(x, states, self.noise(t), self.params, matmul)
            d_x, d_states, d_now, delta = tape.gradient(results, sources, (d_outs.read(t), d_states), _ZERO)
            d_params = tf.nest.map_structure(tf.add, d_params, d_now)
            return t - 1, d_states, d_params, d_inputs.write(t, d_x), _write(multiplied, t, v), _write(deltas, t, delta)

        arrays = [
            {name: _empty(steps, d_outputs[0], kernel, axis) for name, kernel in self.kernels.items()} for axis in (-2, -1)
        ]
        start = (steps - 1, d_final, tf.nest.map_structure(tf.zeros_like, self.params), _empty(steps, xs.read(0)), *arrays)
        _, d_states, d_params, d_inputs, multiplied, deltas = tf.while_loop(
            lambda t, *_: t >= 0, body, start, maximum_iterations=steps
        )
        d_kernels = {name: _kernel_gradient(multiplied[name].stack(), deltas[name].stack()) for name in self.kernels}
        return d_inputs.stack(), d_states, d_kernels, d_params

    def noise(self, t: Tensor) -> Noise:
        """The noise of step t."""
        return {**self.fixed, **{site: noise.read(t) for site, noise in self.varying.items()}}


_ZERO = tf.UnconnectedGradients.ZERO


def _product(v: Tensor, delta: Tensor, kept: Tensor, transposed: Tensor) -> Tensor:
    """The product kept by the forward scan; its cotangent goes to v and, as it is, to delta."""

    @tf.custom_gradient
    def product(v: Tensor, delta: Tensor) -> Any:
        return tf.identity(kept), lambda cotangent: (tf.matmul(cotangent, transposed), cotangent)

    return product(v, delta)


def _kernel_gradient(v: Tensor, delta: Tensor) -> Tensor:
    """The sum over steps and examples of v times delta, both (steps, [gates,] batch, width)."""
    if len(v.shape) == 3:
        flat = (tf.reshape(side, (-1, side.shape[-1])) for side in (v, delta))
        return tf.matmul(*flat, transpose_a=True)
    return tf.einsum("tgbi,tgbo->gio", v, delta)


def _array(tensor: Tensor) -> tf.TensorArray:
    array = tf.TensorArray(tensor.dtype, tf.shape(tensor)[0], element_shape=tensor.shape[1:], clear_after_read=False)
    return array.unstack(tensor)


def _empty(steps: Tensor, like: Tensor, kernel: Tensor | None = None, axis: int = -1) -> tf.TensorArray:
    """An array for values like `like`, or for the operand (axis -2) or product (axis -1) of a kernel with such a batch."""
    shape = like.shape
    if kernel is not None:
        shape = tf.TensorShape([*kernel.shape[:-2], like.shape[0], kernel.shape[axis]])
    return tf.TensorArray(like.dtype, steps, element_shape=shape, clear_after_read=False)


def _read(arrays: Any, t: Tensor) -> Any:
    return tf.nest.map_structure(lambda array: array.read(t), arrays)


def _write(arrays: Any, t: Tensor, values: Any) -> Any:
    return tf.nest.map_structure(lambda array, value: array.write(t, value), arrays, values)
