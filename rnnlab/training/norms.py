"""The norms of the gradient and of the step, measured in the optimizer, which has both."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import keras
from keras import ops

from rnnlab.reductions import by_vectors, square_sum
from rnnlab.replicas import summed
from rnnlab.tensors import Tensor

if TYPE_CHECKING:
    import tensorflow as tf


class Norms(keras.optimizers.Optimizer):
    r"""An optimizer that sums the norms of its gradients and of its updates over steps.

    gradient: ||g||, all weights together, before clipping; update: ||w_{t+1} - w_t||, with clipping, momentum, weight decay and
    constraints. The sums are variables, so that a checkpoint keeps them. To be mixed into an optimizer of Keras.
    """

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Make the sums."""
        if not self.built:
            super().build(variables)
            self.gradient_sum = self.add_variable((), "zeros", name="gradient_sum", dtype="float32")
            self.update_sum = self.add_variable((), "zeros", name="update_sum", dtype="float32")

    def apply(self, grads: Iterable[Tensor | None], trainable_variables: Iterable[keras.Variable] | None = None) -> None:
        """Follow the gradient, summed over replicas, and add the norms of both."""
        total = summed(list(grads))
        weights = list(self._trainable_variables if trainable_variables is None else trainable_variables)
        self.build(weights)
        self.gradient_sum.assign_add(norm(grad for grad in total if grad is not None))
        before = [ops.copy(weight) for weight in weights]
        super().apply(total, trainable_variables)
        self.update_sum.assign_add(norm(weight - old for weight, old in zip(weights, before, strict=True)))

    def _clip_gradients(self, grads: list[Tensor]) -> list[Tensor]:
        """Clip as Keras does; where it would take another sum for the norm than the measured one, by the measured one."""
        most = self.global_clipnorm
        if not most or not by_vectors() or any(hasattr(grad, "indices") for grad in grads):
            return super()._clip_gradients(grads)
        total = norm(grads)
        share = most * ops.minimum(1 / total, 1 / most) + (total - total)  # no number where the norm is none or infinite
        return [grad * ops.cast(share, grad.dtype) for grad in grads]

    def _all_reduce_sum_gradients(
        self, grads_and_vars: list[tuple[Tensor, keras.Variable]]
    ) -> list[tuple[Tensor, keras.Variable]]:
        """Keras sums over replicas here, when each has already clipped its own part."""
        return grads_and_vars

    def take_norms(self, steps: int) -> dict[str, float]:
        """Return the mean norms of the `steps` since the last call."""
        sums = {"gradient_norm": self.gradient_sum, "update_norm": self.update_sum}
        means = {name: float(ops.convert_to_numpy(total)) / steps for name, total in sums.items()}
        for total in sums.values():
            total.assign(0.0)
        return means


def norm(tensors: Iterable[Tensor]) -> Tensor:
    """Return the Euclidean norm of all numbers in `tensors` together, in float32.

    >>> float(norm([ops.ones((2, 4)), ops.ones(1)]))
    3.0
    """
    return ops.sqrt(sum(square_sum(ops.cast(_rows(one), "float32")) for one in tensors))


def _rows(tensor: "tf.Tensor | tf.IndexedSlices") -> Tensor:
    """A tensor; in TensorFlow's gradient of an embedding, with a row for every token, the rows are summed by word."""
    if not hasattr(tensor, "indices"):
        return tensor
    order = ops.argsort(tensor.indices)
    words = ops.take(tensor.indices, order)
    new = ops.concatenate([ops.zeros((1,), "int32"), ops.cast(words[1:] != words[:-1], "int32")])
    return ops.segment_sum(ops.take(tensor.values, order, axis=0), ops.cumsum(new), ops.shape(words)[0])
