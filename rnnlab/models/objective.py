"""What each kind of task minimises and measures."""

from collections.abc import Callable
from dataclasses import dataclass

import keras

from rnnlab.models.metrics import Perplexity


@dataclass(frozen=True)
class Objective:
    """A loss and the metrics beside it, as `model.compile` takes them."""

    loss: Callable[[], keras.losses.Loss]
    metrics: Callable[[], list[keras.metrics.Metric]]


OBJECTIVES = {
    "language_model": Objective(lambda: keras.losses.SparseCategoricalCrossentropy(from_logits=True), lambda: [Perplexity()]),
    "regression": Objective(keras.losses.MeanSquaredError, lambda: [keras.metrics.RootMeanSquaredError()]),
}
"""The objective of each kind of task; the metrics are the task's figures."""
