"""What a scan on TensorFlow saves for its gradient: arrays of tensors, or stacked tensors in their place."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from rnnlab import compat
from rnnlab.cells.steps import Tensor


def empty(steps: Tensor, shape: Any, dtype: Any) -> tf.TensorArray:
    """An array for tensors of a shape, one a step, that can be read more than once."""
    return tf.TensorArray(dtype, steps, element_shape=shape, clear_after_read=False)


def unstacked(sequence: Tensor) -> tf.TensorArray:
    """The array of a sequence's steps."""
    return empty(tf.shape(sequence)[0], sequence.shape[1:], sequence.dtype).unstack(sequence)


def packed(saved: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Return what was saved with every array stacked, and a function that makes arrays of it again.

    Only tensors can be captured by the gradient functions that stand in an exported file, and by the graph that computes a
    Jacobian beside eager operations.
    """
    arrays = [isinstance(leaf, tf.TensorArray) for leaf in tf.nest.flatten(saved)]

    def each(change: Callable[[Any], Any], tree: Any) -> Any:
        leaves = zip(tf.nest.flatten(tree), arrays, strict=True)
        return tf.nest.pack_sequence_as(tree, [change(leaf) if array else leaf for leaf, array in leaves])

    return each(lambda array: array.stack(), saved), lambda tree: each(unstacked, tree)


@contextmanager
def used(*arrays: Any) -> Iterator[None]:
    """Mark arrays as used where the code inside fails: TensorFlow would warn of each of them, and hide the error."""
    try:
        yield
    except BaseException:
        for array in tf.nest.flatten(arrays):
            getattr(array, "mark_used", array.identity)()
        raise


def recorded_in_graph() -> bool:
    """Whether a tape in a graph records what is being built, as in training: there arrays are quickest as they are."""
    return not tf.executing_eagerly() and compat.tape_recorder().could_possibly_record()
