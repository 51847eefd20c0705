"""TensorFlow's random numbers, or whether they are at least a rate: bit for bit the same, several at a time."""

import math

import numpy as np
import tensorflow as tf

from rnnlab.graphs import in_xla

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10
"""The constants of Philox4x32-10 (Salmon et al. 2011, Parallel random numbers: as easy as 1, 2, 3)."""
MANTISSA = 23
"""The bits of a random word that become the float32 number in [0, 1)."""


def at_least(rate: float | tf.Tensor, shape: tuple[int, ...], seed: tf.Tensor) -> tf.Tensor:
    """Return as 1 or 0, of `shape`, whether each number of `keras.random.uniform(shape, seed=seed)` is at least `rate`.

    They are bytes, and in a program of XLA float32 numbers. The seed is what `keras.random.SeedGenerator.next` returns.

    >>> import keras
    >>> at_least(0.5, (2, 3), keras.random.SeedGenerator(1).next()).numpy().tolist()
    [[1, 0, 1], [0, 0, 0]]
    >>> (keras.random.uniform((2, 3), seed=keras.random.SeedGenerator(1)) >= 0.5).numpy().tolist()
    [[True, False, True], [False, False, False]]
    """
    words = _run(_compared, shape, seed, _least(rate))
    told = _shaped(tf.bitcast(words, tf.uint8), shape)
    if not in_xla():
        return told
    # XLA would recompute a mask of the whole sequence at every step; it keeps that of a square root, which costs more.
    return tf.sqrt(tf.cast(told, tf.float32))


def uniform(shape: tuple[int, ...], seed: tf.Tensor) -> tf.Tensor:
    """Return the numbers of `keras.random.uniform(shape, seed=seed)`, in [0, 1).

    >>> import keras
    >>> numbers = uniform((2, 3), keras.random.SeedGenerator(1).next())
    >>> bool((numbers == keras.random.uniform((2, 3), seed=keras.random.SeedGenerator(1))).numpy().all())
    True
    """
    return _shaped(_run(_numbers, shape, seed), shape)


def _run(
    program: "tf.types.experimental.PolymorphicFunction", shape: tuple[int, ...], seed: tf.Tensor, *more: tf.Tensor
) -> tf.Tensor:
    """Run a program on as many blocks of random words as a shape needs."""
    seed = tf.cast(seed % (tf.int32.max - 1), tf.int32)  # as Keras gives it to TensorFlow
    key, counter = tf.raw_ops.StatelessRandomGetKeyCounter(seed=seed)
    operands, blocks = (key[0], counter, *more), math.ceil(math.prod(shape) / 4)
    if in_xla():  # inside a program of XLA no other program is needed
        return program.python_function(*operands, blocks)
    return program.get_concrete_function(*operands, blocks)(*operands)


def _shaped(numbers: tf.Tensor, shape: tuple[int, ...]) -> tf.Tensor:
    """The first of the numbers, in the shape."""
    return tf.reshape(tf.reshape(numbers, [-1])[: math.prod(shape)], shape)


def _least(rate: float | tf.Tensor) -> tf.Tensor:
    """The smallest bits of a random word that make a number of at least the rate."""
    if tf.is_tensor(rate):
        return tf.cast(tf.math.ceil(tf.cast(rate, tf.float32) * 2**MANTISSA), tf.uint32)
    return tf.constant(math.ceil(float(np.float32(rate)) * 2**MANTISSA), tf.uint32)


@tf.function(autograph=False, jit_compile=True)
def _compared(key: tf.Tensor, counter: tf.Tensor, least: tf.Tensor, blocks: int) -> tf.Tensor:
    """Four comparisons a block, each in a byte of one word: as separate results, every one would compute its block again."""
    told = [tf.cast(word >= least, tf.uint32) for word in _fractions(key, counter, blocks)]
    return tf.add_n([tf.bitwise.left_shift(byte, tf.constant(8 * n, tf.uint32)) for n, byte in enumerate(told)])


@tf.function(autograph=False, jit_compile=True)
def _numbers(key: tf.Tensor, counter: tf.Tensor, blocks: int) -> tf.Tensor:
    """Four numbers in [0, 1) a block."""
    return tf.stack([tf.cast(word, tf.float32) * 2.0**-MANTISSA for word in _fractions(key, counter, blocks)], axis=-1)


def _fractions(key: tf.Tensor, counter: tf.Tensor, blocks: int) -> list[tf.Tensor]:
    """The bits of the four random words of every block that become numbers."""
    low, high = _halves(counter[0] + tf.cast(tf.range(blocks), tf.uint64))
    block = (low, high, *(tf.fill([blocks], half) for half in _halves(counter[1])))
    return [word & tf.constant(2**MANTISSA - 1, tf.uint32) for word in _philox(block, _halves(key))]


def _philox(block: tuple[tf.Tensor, ...], key: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, ...]:
    """The four random words of a block, from the four of its number and the two of the key."""
    for _ in range(ROUNDS):
        (low_0, high_0), (low_2, high_2) = (
            _halves(tf.cast(word, tf.uint64) * tf.constant(multiplier, tf.uint64))
            for word, multiplier in zip(block[::2], MULTIPLIERS, strict=True)
        )
        block = (high_2 ^ block[1] ^ key[0], low_2, high_0 ^ block[3] ^ key[1], low_0)
        key = tuple(word + tf.constant(step, tf.uint32) for word, step in zip(key, KEY_STEPS, strict=True))
    return block


def _halves(words: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The lower and the upper 32 bits of words of 64."""
    return tf.cast(words, tf.uint32), tf.cast(tf.bitwise.right_shift(words, tf.constant(32, tf.uint64)), tf.uint32)
