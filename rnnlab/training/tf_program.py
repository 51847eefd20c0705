"""Several steps of a model as one program of TensorFlow."""

from collections.abc import Callable, Mapping

import keras
import tensorflow as tf

from rnnlab import compat
from rnnlab.documents import Record
from rnnlab.models.two_passes import TwoPasses
from rnnlab.training.step import Batches, Signature, Step

Logs = Record


class TFProgram:
    """Steps of training and of evaluation, each a function that runs a given number of steps.

    With `xla` such a function is one program of XLA; without, a graph whose operations run one by one. The number of steps a
    call runs changes no bit: they are iterations of one loop.
    """

    def __init__(self, model: keras.Model, xla: bool, signatures: Mapping[bool, Signature]):
        self.step = Step(model)
        self._functions = {
            training: tf.function(
                self._several(training), autograph=False, jit_compile=xla, input_signature=_specified(signatures[training])
            )
            for training in (True, False)
        }

    def run(self, batches: Batches, count: int, training: bool) -> tuple[int, Logs]:
        """Run the first `count` steps, or those until the mean loss is not finite; return how many, and the metrics."""
        done, logs = self._functions[training](*map(tf.convert_to_tensor, batches), tf.constant(count))
        return int(done), {name: float(value) for name, value in logs.items()}

    def close(self) -> None:
        """Release the graphs; the steps can't be run again."""
        for function in self._functions.values():
            compat.dismantle(function)

    def _several(self, training: bool) -> Callable[..., tuple[tf.Tensor, Logs]]:
        one = self._train if training else self._evaluate

        def several(*given: tf.Tensor) -> tuple[tf.Tensor, Logs]:
            *batches, count = given

            def turn(done: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
                return done + 1, one(*(batch[done] for batch in batches))

            def on(done: tf.Tensor, loss: tf.Tensor) -> tf.Tensor:
                return (done < count) & tf.math.is_finite(loss)

            done, _ = tf.while_loop(on, turn, (tf.constant(0), tf.constant(0.0)), parallel_iterations=1)
            return done, self.step.results()

        return several

    def _train(self, x: tf.Tensor, y: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        step, model = self.step, self.step.model
        with tf.GradientTape() as tape:
            predictions = model(x, training=True)
            loss, values = step.loss(y, predictions, weights, model.losses)
            if isinstance(model, TwoPasses):
                loss = model.with_second(loss, x, y, predictions, weights)
            scaled = step.scaled(loss)
        model.optimizer.apply(tape.gradient(scaled, model.trainable_variables), model.trainable_variables)
        step.measure(loss, values, y, predictions, weights)
        return step.results()["loss"]

    def _evaluate(self, x: tf.Tensor, y: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        step, model = self.step, self.step.model
        predictions = model(x, training=False)
        loss, values = step.loss(y, predictions, weights, model.losses)
        step.measure(loss, values, y, predictions, weights)
        return tf.constant(0.0)


def _specified(signature: Signature) -> list[tf.TensorSpec] | None:
    """The input signature of a function: batches, and the number of steps to run."""
    return None if signature is None else [*(tf.TensorSpec(*part) for part in signature), tf.TensorSpec((), tf.int32)]
