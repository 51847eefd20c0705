"""The replicas of a model that TensorFlow trains side by side, each on its rows of the batch; one, everywhere else."""

from typing import TYPE_CHECKING

import keras

if TYPE_CHECKING:
    import tensorflow as tf

from rnnlab.tensors import Size, Tensor


def replicas() -> tuple[int, Size]:
    """Return how many replicas there are, and the number of the calling one; 0 outside of all.

    >>> replicas()
    (1, 0)
    """
    context = _context()
    return (context.num_replicas_in_sync, context.replica_id_in_sync_group) if context else (1, 0)


def summed(gradients: list[Tensor | None]) -> list[Tensor | None]:
    """Return the sums over all replicas, None where there is no gradient."""
    context, given = _context(), [gradient for gradient in gradients if gradient is not None]
    if context is None or not given:
        return gradients
    sums = iter(context.all_reduce("SUM", given))
    return [None if gradient is None else next(sums) for gradient in gradients]


def _context() -> "tf.distribute.ReplicaContext | None":
    """TensorFlow's context of a replica; None where there is only one."""
    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    return context if context and context.num_replicas_in_sync > 1 else None
