"""Standard normal numbers on TensorFlow: random words by its own operation, made normal by a program of XLA."""

import math

import tensorflow as tf

BITS = 23
"""The bits of a random word that are used: as many as a float32 number has."""


def standard(shape: tuple[int, ...], seed: tf.Tensor) -> tf.Tensor:
    """Standard normal numbers that depend only on shape and seed; the seed is what `keras.random.SeedGenerator.next` returns.

    >>> import keras
    >>> numbers = standard((1000, 100), keras.random.SeedGenerator(1).next()).numpy()
    >>> abs(numbers.mean()) < 0.01, abs(numbers.std() - 1) < 0.01
    (np.True_, np.True_)
    """
    seed = tf.cast(seed % (tf.int32.max - 1), tf.int32)  # as Keras gives it to TensorFlow
    words = tf.random.stateless_uniform(shape, seed, minval=None, maxval=None, dtype=tf.uint32)
    return _normal.get_concrete_function(words)(words)


@tf.function(autograph=False, jit_compile=True)
def _normal(words: tf.Tensor) -> tf.Tensor:
    """The quantile of the normal distribution at u: sqrt(2) erfinv(2 u - 1), u the centre of one of 2^23 equal intervals."""
    numbers = tf.cast(tf.bitwise.right_shift(words, tf.constant(32 - BITS, tf.uint32)), tf.float32)
    return math.sqrt(2) * tf.math.erfinv((numbers + 0.5) * 2.0 ** (1 - BITS) - 1)
