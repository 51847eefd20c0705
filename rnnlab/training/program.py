"""How the steps of a run are compiled: chosen from what they are, before any is run, so that equal runs make equal choices."""

from typing import Protocol

import keras
import numpy as np

from rnnlab import compat
from rnnlab.data.dataset import Dataset
from rnnlab.data.keras_adapter import Feed
from rnnlab.graphs import gpus
from rnnlab.training.step import Batches
from rnnlab.training.training_config import TrainingConfig

MOST = 64
"""The most steps that one call runs."""
BYTES = 1 << 22
"""The most bytes of batches that one call is given."""


PARAMETERS = 1 << 19
"""The most weights of a model whose step is faster as a program of XLA: of a larger one most time goes into products, in which
TensorFlow is no slower."""
STEPS = 300
"""The least number of steps of a run that are worth a program of XLA, which takes some three seconds to compile."""


class Program(Protocol):
    """The compiled steps of a model."""

    def run(self, batches: Batches, count: int, training: bool) -> tuple[int, dict[str, float]]:
        """Run the first `count` steps, or as many until the mean loss is no finite number; return how many, and the metrics."""


def program(model: keras.Model, xla: bool) -> Program | None:
    """Return the compiled steps of a model; None on a backend that has none of ours."""
    match keras.backend.backend():
        case "tensorflow":
            from rnnlab.training.tf_program import TFProgram

            return TFProgram(model, xla)
        case "jax":
            from rnnlab.training.jax_program import JaxProgram

            return JaxProgram(model)
    return None


def xla(model: keras.Model, dataset: Dataset, config: TrainingConfig) -> bool:
    """Return whether XLA compiles a step as a whole: always on JAX; on TensorFlow where that pays.

    On processors it pays for small models, from so many steps on (experiments/speed/whole), unless batches differ in their
    steps, each number of which would be a program of its own. On a GPU not all operations of XLA repeat exactly, and cuDNN is
    no part of it.
    """
    if keras.backend.backend() != "tensorflow":
        return keras.backend.backend() == "jax"
    if dataset.train.varied or not all(layer.supports_jit for layer in compat.every_layer(model)):
        return False
    if gpus():
        return not config.deterministic
    return model.count_params() <= PARAMETERS and config.epochs * dataset.train.count >= STEPS


def room(feed: Feed) -> int:
    """Return how many batches one call is given: the same for all splits, and one where batches differ in their steps."""
    return 1 if feed.split.varied else max(1, min(MOST, BYTES // sum(part.nbytes for part in feed[0])))


def stacked(batches: list[tuple], size: int) -> Batches:
    """Return batches side by side, so many of them: the last one stands for those that are missing, which nobody reads."""
    filled = batches + batches[-1:] * (size - len(batches))
    return tuple(np.stack(parts) for parts in zip(*filled, strict=True))
