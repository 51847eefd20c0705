"""How the steps of a run are compiled: decided by shapes and sizes before the first step, so that equal runs decide alike."""

from typing import Protocol

import keras
import numpy as np

from rnnlab import compat
from rnnlab.data.dataset import Dataset, Split
from rnnlab.data.keras_adapter import Feed
from rnnlab.graphs import gpus
from rnnlab.training.step import Batches, Signature
from rnnlab.training.training_config import TrainingConfig

MOST = 64
"""The largest number of steps that one call runs."""
BYTES = 1 << 22
"""The largest number of bytes of batches in one call."""
PARAMETERS = 1 << 19
"""The largest number of weights at which a step is faster as an XLA program: a larger model spends most of its time in matrix
products, where TensorFlow is as fast."""
STEPS = 50
"""The least number of steps in an epoch that justifies an XLA program. It takes some two seconds longer to compile, which a
thousand steps win back (experiments/speed/program): a few seeds with ten epochs each. A run's steps cannot decide: a run that
continues for more epochs has to repeat the bits of one that had them from the start."""


class Program(Protocol):
    """The compiled steps of a model."""

    def run(self, batches: Batches, count: int, training: bool) -> tuple[int, dict[str, float]]:
        """Run `count` steps, or fewer where the mean loss stops being finite; return their number and the metrics."""

    def close(self) -> None:
        """Release what was compiled; nothing can be run again."""


def program(model: keras.Model, dataset: Dataset, config: TrainingConfig) -> Program | None:
    """Return the compiled steps of a model; None where Keras runs them: on several devices, and on torch."""
    if config.distribution:
        return None
    match keras.backend.backend():
        case "tensorflow":
            from rnnlab.training.tf_program import TFProgram

            signatures = {True: signature([dataset.train]), False: signature(splits(dataset))}
            return TFProgram(model, xla(model, dataset, config), signatures)
        case "jax":
            from rnnlab.training.jax_program import JAXProgram

            return JAXProgram(model)
    return None


def splits(dataset: Dataset) -> list[Split]:
    """Return all splits of a data set."""
    return [dataset.train, dataset.validation, dataset.test]


def signature(splits: list[Split]) -> Signature:
    """Return the input signature of one graph for all batches of some splits; None where all have the same number of steps.

    Otherwise a graph would be built for each number of steps, and in another order after a kill.
    """
    if not any(split.varied for split in splits):
        return None
    feeds = [Feed(split) for split in splits]
    shapes = [[None, *map(_common, *part)] for part in zip(*(feed.shapes() for feed in feeds), strict=True)]
    return [(shape, part.dtype) for shape, part in zip(shapes, feeds[0][0], strict=True)]


def _common(*sizes: int | None) -> int | None:
    return sizes[0] if len(set(sizes)) == 1 else None


def xla(model: keras.Model, dataset: Dataset, config: TrainingConfig) -> bool:
    """Return whether XLA compiles a step as a whole: always on JAX; on TensorFlow where that is faster.

    On processors it is faster for small models with many steps in an epoch, unless batches differ in their number of time
    steps, each of which would need a program of its own. On a GPU some XLA operations do not repeat exactly, and XLA cannot
    use cuDNN.
    """
    if keras.backend.backend() != "tensorflow" or config.distribution:
        return keras.backend.backend() == "jax"
    if any(split.varied for split in splits(dataset)) or not all(layer.supports_jit for layer in compat.every_layer(model)):
        return False
    if gpus():
        return not config.deterministic
    return model.count_params() <= PARAMETERS and dataset.train.count >= STEPS


def room(feed: Feed) -> int:
    """Return the number of batches in one call: at most `MOST` and `BYTES`; one where batches differ in their time steps."""
    return 1 if feed.split.varied else max(1, min(MOST, BYTES // sum(part.nbytes for part in feed[0])))


def stacked(batches: list[tuple], size: int) -> Batches:
    """Return `size` batches stacked; copies of the last one, which are never read, fill the missing places."""
    filled = batches + batches[-1:] * (size - len(batches))
    return tuple(np.stack(parts) for parts in zip(*filled, strict=True))
