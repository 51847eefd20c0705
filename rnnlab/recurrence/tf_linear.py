"""The linear scan in TensorFlow's graphs: two programs of XLA, in which its many passes over a sequence become few."""

from collections.abc import Callable

import tensorflow as tf

from rnnlab import compat
from rnnlab.cells.steps import Tensor
from rnnlab.recurrence.linear_rounds import rounds

Gradient = Callable[..., tuple[Tensor, ...]]


def linear(a: Tensor, b: Tensor, h: Tensor) -> Tensor:
    """All h_t = a_t * h_{t-1} + b_t; the gradient is a scan of the same form from the last step to the first."""

    @tf.custom_gradient
    def run(a: Tensor, b: Tensor, h: Tensor) -> tuple[Tensor, Gradient]:
        path = _forward(a, b, h)
        return path, lambda d_path: _gradient(a, b, h, path, d_path)

    path = run(a, b, h)
    compat.bind_gradient_to_graph(path)
    return path


def _gradient(a: Tensor, b: Tensor, h: Tensor, path: Tensor, d_path: Tensor) -> tuple[Tensor, ...]:
    """The gradient with respect to a, b and h. Its derivative is of plain rounds: XLA cannot differentiate the program."""

    @tf.custom_gradient
    def run(a: Tensor, b: Tensor, h: Tensor, d_path: Tensor) -> tuple[tuple[Tensor, ...], Gradient]:
        def second(*cotangents: Tensor) -> tuple[Tensor, ...]:
            with tf.GradientTape() as outer:
                outer.watch((a, b, h, d_path))
                with tf.GradientTape() as inner:
                    inner.watch((a, b, h))
                    again = rounds(a, b, h)
                gradients = inner.gradient(again, (a, b, h), d_path)
            return outer.gradient(gradients, (a, b, h, d_path), list(cotangents), unconnected_gradients="zero")

        return _backward(a, path, h, d_path), second

    gradients = run(a, b, h, d_path)
    compat.bind_gradient_to_graph(gradients[0])
    return gradients


_forward = tf.function(rounds, autograph=False, jit_compile=True)


@tf.function(autograph=False, jit_compile=True)
def _backward(a: Tensor, path: Tensor, h: Tensor, d_path: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The cotangents of a, b and h from those of the path: d_t = d_path_t + a_{t+1} * d_{t+1} is that of b_t."""
    later = tf.concat([a[1:], tf.zeros_like(a[:1])], 0)
    d = tf.reverse(rounds(tf.reverse(later, [0]), tf.reverse(d_path, [0]), tf.zeros_like(h)), [0])
    return d * tf.concat([h[tf.newaxis], path[:-1]], 0), d, a[0] * d[0]
