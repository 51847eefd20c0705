"""The fast scan on TensorFlow compiled by XLA."""

from typing import Any

import tensorflow as tf

from rnnlab import compat
from rnnlab.cells.cell_step import CellStep
from rnnlab.cells.kinds import Step
from rnnlab.cells.steps import States, Tensor
from rnnlab.recurrence.masking import Masked
from rnnlab.recurrence.tf_arrays import unstacked
from rnnlab.recurrence.tf_batch_split import Given, parts
from rnnlab.recurrence.tf_scan import Scan


class Compiled(Scan):
    """The scan as two programs of XLA, in which the many small operations of a step become few."""

    def __init__(self, step: Step, output_size: int | None = None) -> None:
        super().__init__(step, output_size)
        self.programs = [tf.function(program, autograph=False, jit_compile=True) for program in (self.stacked, self.unstacked)]
        """Forward and backward, each traced and compiled once for all parts of a batch that are of one size."""

    def stacked(self, given: Given) -> Any:
        """The scan's forward run; what is saved leaves the program stacked."""
        outputs, final, saved = super().run(given)
        return outputs, final, tf.nest.map_structure(lambda array: array.stack(), saved)

    def unstacked(self, given: Given, saved: Any, d_outputs: Tensor, d_final: States) -> Any:
        """The scan's replay of what was saved stacked."""
        return super().replay(given, tf.nest.map_structure(unstacked, saved), d_outputs, d_final)

    def run(self, given: Given) -> tuple[Tensor, States, Any]:
        """As the scan."""
        return _untaped(self.programs[0], given)

    def replay(self, given: Given, saved: Any, d_outputs: Tensor, d_final: States) -> Any:
        """As the scan."""
        return _untaped(self.programs[1], given, saved, d_outputs, d_final)

    def backward(self, given: Given, saved: Any, d_outputs: Tensor, d_final: States) -> Any:
        """As the scan, with the derivative of the plain scan's, for a program has none."""
        operands = (given, (d_outputs, d_final))
        ours, d_results = tf.nest.map_structure(tf.identity, operands)  # `second` may be built in a graph beside this one

        @tf.custom_gradient
        def run(*flat: Tensor) -> Any:
            gradients = super(Compiled, self).backward(given, saved, d_outputs, d_final)
            return tf.nest.flatten(gradients), lambda *cotangents: self.second(ours, d_results, cotangents)

        gradients = run(*tf.nest.flatten((ours, d_results)))
        compat.bind_gradient_to_graph(gradients[0])
        return tf.nest.pack_sequence_as(given.sources, gradients)

    def second(self, given: Given, d_results: Any, cotangents: Any) -> list[Tensor]:
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


def compiled(step: Step, output_size: int | None, given: Given) -> Compiled:
    """The scan of a step for these operands: that of an equal step for equal shapes, where there is one in this session of
    Keras. Compiling is paid for once by all layers of one kind and shape: weights and noise are inputs of the programs.
    """
    alone = step.step if isinstance(step, Masked) else step
    if not (isinstance(alone, CellStep) and alone.shared):
        return Compiled(step, output_size)
    shapes = tf.nest.map_structure(lambda tensor: (tuple(tensor.shape), tensor.dtype), given)
    return compat.shared_programs().setdefault((step, output_size, parts(given), repr(shapes)), Compiled(step, output_size))


def _untaped(program: Any, *operands: Any) -> Any:
    """Return what a program returns, hidden from tapes: one that may ask for several gradients would keep what XLA cannot
    keep."""
    traced = program.get_concrete_function(*operands)
    with compat.tape_recorder().stop_recording():
        return tf.nest.map_structure(tf.stop_gradient, traced(*operands))
