"""The fast scan on TensorFlow compiled by XLA."""

from collections.abc import Callable

import tensorflow as tf

from rnnlab import compat
from rnnlab.cells.cell_step import CellStep
from rnnlab.cells.kinds import StepFunction
from rnnlab.cells.steps import States, Tensor
from rnnlab.recurrence.masking import Masked
from rnnlab.recurrence.tf_arrays import unstacked
from rnnlab.recurrence.tf_batch_split import Given, parts
from rnnlab.recurrence.tf_scan import Scan
from rnnlab.tensors import Tree


class Compiled(Scan):
    """The scan as two programs of XLA, in which the many small operations of a step become few."""

    def __init__(self, step: StepFunction, output_size: int | None = None) -> None:
        super().__init__(step, output_size)
        self.programs = [tf.function(program, autograph=False, jit_compile=True) for program in (self.stacked, self.unstacked)]
        """Forward and backward, each traced and compiled once for all parts of a batch that are of one size."""

    def stacked(self, given: Given) -> tuple[Tensor, States, Tree]:
        """The scan's forward run; the saved tensors leave the program stacked."""
        outputs, final, saved = super().run(given)
        return outputs, final, tf.nest.map_structure(lambda array: array.stack(), saved)

    def unstacked(self, given: Given, saved: Tree, d_outputs: Tensor, d_final: States) -> tuple[Tree, ...]:
        """The scan's replay, from saved tensors that are stacked."""
        return super().replay(given, tf.nest.map_structure(unstacked, saved), d_outputs, d_final)

    def run(self, given: Given) -> tuple[Tensor, States, Tree]:
        """Run all steps, as `Scan.run` does."""
        return _untaped(self.programs[0], given)

    def replay(self, given: Given, saved: Tree, d_outputs: Tensor, d_final: States) -> tuple[Tree, ...]:
        """Replay all steps, as `Scan.replay` does."""
        return _untaped(self.programs[1], given, saved, d_outputs, d_final)

    def backward(self, given: Given, saved: Tree, d_outputs: Tensor, d_final: States) -> tuple[Tree, ...]:
        """Join the gradients of all parts, as `Scan.backward` does. Their derivative is the plain scan's."""
        operands = (given, (d_outputs, d_final))
        ours, d_results = tf.nest.map_structure(tf.identity, operands)  # `second` may be built in a graph beside this one

        @tf.custom_gradient
        def run(*flat: Tensor) -> tuple[list[Tensor], Callable[..., list[Tensor]]]:
            gradients = super(Compiled, self).backward(given, saved, d_outputs, d_final)
            return tf.nest.flatten(gradients), lambda *cotangents: self.second(ours, d_results, cotangents)

        gradients = run(*tf.nest.flatten((ours, d_results)))
        compat.bind_gradient_to_graph(gradients[0])
        return tf.nest.pack_sequence_as(given.sources, gradients)

    def second(self, given: Given, d_results: Tree, cotangents: tuple[Tensor, ...]) -> list[Tensor]:
        """Return the cotangents of everything that the plain scan's gradient is computed from."""
        with tf.GradientTape() as outer:
            outer.watch((given, d_results))
            with tf.GradientTape() as inner:
                inner.watch(given.sources)
                results = Scan(self.step, self.output_size)(given)
            gradients = inner.gradient(results, given.sources, d_results)
        return outer.gradient(tf.nest.flatten(gradients), tf.nest.flatten((given, d_results)), list(cotangents))

    def slots(self, given: Given) -> dict[int, tf.TensorArray]:
        """No activation is kept: computing one again is cheaper than storing it."""
        return {}


def compiled(step: StepFunction, output_size: int | None, given: Given) -> Compiled:
    """The scan of a step for these operands: that of an equal step for equal shapes, where there is one in this session of
    Keras. Compiling is paid for once by all layers of one kind and shape: weights and noise are inputs of the programs.
    """
    alone = step.step if isinstance(step, Masked) else step
    if not (isinstance(alone, CellStep) and alone.shared):
        return Compiled(step, output_size)
    shapes = tf.nest.map_structure(lambda tensor: (tuple(tensor.shape), tensor.dtype), given)
    return compat.shared_programs().setdefault((step, output_size, parts(given), repr(shapes)), Compiled(step, output_size))


def _untaped(program: "tf.types.experimental.PolymorphicFunction", *operands: Tree) -> Tree:
    """Run a program hidden from tapes: a persistent tape would keep tensors inside the program, which XLA cannot return."""
    traced = program.get_concrete_function(*operands)
    with compat.tape_recorder().stop_recording():
        return tf.nest.map_structure(tf.stop_gradient, traced(*operands))
