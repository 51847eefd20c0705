"""The tensors that a scan on TensorFlow saves for its gradient, in arrays or stacked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import tensorflow as tf

from rnnlab import compat
from rnnlab.cells.steps import Tensor
from rnnlab.tensors import Shape, Tree


def empty(steps: Tensor, shape: Shape | tf.TensorShape, dtype: tf.DType) -> tf.TensorArray:
    """An array for one tensor of a shape for each step; it can be read more than once."""
    return tf.TensorArray(dtype, steps, element_shape=shape, clear_after_read=False)


def unstacked(sequence: Tensor) -> tf.TensorArray:
    """The array of a sequence's steps."""
    return empty(tf.shape(sequence)[0], sequence.shape[1:], sequence.dtype).unstack(sequence)


def packed(saved: Tree) -> tuple[Tree, Callable[[Tree], Tree]]:
    """Return the saved tensors with every array stacked, and a function that turns them into arrays again.

    Only tensors can be captured by the gradient functions that stand in an exported file, and by the graph that computes a
    Jacobian beside eager operations.
    """
    arrays = [isinstance(leaf, tf.TensorArray) for leaf in tf.nest.flatten(saved)]

    def each(change: Callable[[Tree], Tree], tree: Tree) -> Tree:
        leaves = zip(tf.nest.flatten(tree), arrays, strict=True)
        return tf.nest.pack_sequence_as(tree, [change(leaf) if array else leaf for leaf, array in leaves])

    return each(lambda array: array.stack(), saved), lambda tree: each(unstacked, tree)


@contextmanager
def used(*arrays: Tree) -> Iterator[None]:
    """Mark arrays as used where the code inside fails: TensorFlow would warn of each of them, and hide the error."""
    try:
        yield
    except BaseException:
        for array in tf.nest.flatten(arrays):
            getattr(array, "mark_used", array.identity)()
        raise


def recorded_in_graph() -> bool:
    """Whether a tape in a graph records the operations, as in training: there arrays are fastest unstacked."""
    return not tf.executing_eagerly() and compat.tape_recorder().could_possibly_record()
