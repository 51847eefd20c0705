"""The logits of a tied embedding in a program of XLA on TensorFlow.

The derived gradient has the product d^T x of the logits' cotangent d, which XLA reads column by column; (x^T d)^T reads it row
by row.
"""

from collections.abc import Callable

import tensorflow as tf

from rnnlab import compat


def logits(x: tf.Tensor, table: tf.Tensor) -> tf.Tensor:
    """Return x E^T, (..., words), of x (..., width) and the table E (words, width).

    >>> program = tf.function(logits, jit_compile=True)
    >>> program(tf.ones((1, 2)), tf.ones((3, 2))).numpy().tolist()
    [[2.0, 2.0, 2.0]]
    """

    @tf.custom_gradient
    def product(x: tf.Tensor, table: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]]:
        words, width = table.shape
        rows = tf.reshape(x, (-1, width))

        def gradient(d: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            d_rows = tf.reshape(d, (-1, words))
            d_table = compat.optimization_barrier(tf.matmul(rows, d_rows, transpose_a=True))  # else XLA makes it d^T x again
            return tf.reshape(tf.matmul(d_rows, table), tf.shape(x)), tf.transpose(d_table)

        return tf.reshape(tf.matmul(rows, table, transpose_b=True), tf.concat([tf.shape(x)[:-1], [words]], 0)), gradient

    result: tf.Tensor = product(x, table)
    compat.bind_gradient_to_graph(result)
    return result
