"""How the steps of a run are compiled: chosen by their shapes and sizes before any is run, so that equal runs make equal
choices."""

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
"""The largest number of weights of a model whose step is faster as an XLA program: a larger one spends most time in products,
in which TensorFlow is no slower."""
STEPS = 50
"""The least number of steps of an epoch that are worth a program of XLA. It takes some two seconds longer to compile, which a
thousand steps win back (experiments/speed/program): a few seeds with ten epochs each.
Of an epoch, not of a run, since a run may go on with more epochs, to the bits of one that had them from the start."""


class Program(Protocol):
    """The compiled steps of a model."""

    def run(self, batches: Batches, count: int, training: bool) -> tuple[int, dict[str, float]]:
        """Run the first `count` steps, or those until the mean loss is not finite; return how many, and the metrics."""

    def close(self) -> None:
        """Release what was compiled; nothing can be run again."""


def program(model: keras.Model, dataset: Dataset, config: TrainingConfig) -> Program | None:
    """Return the compiled steps of a model; None where Keras runs them: on several devices, on torch and JAX."""
    if not _ours(config):
        return None
    from rnnlab.training.tf_program import TFProgram

    return TFProgram(model, xla(model, dataset, config), {True: signature([dataset.train]), False: signature(splits(dataset))})


def _ours(config: TrainingConfig) -> bool:
    return keras.backend.backend() == "tensorflow" and not config.distribution


def splits(dataset: Dataset) -> list[Split]:
    """Return all splits of a data set."""
    return [dataset.train, dataset.validation, dataset.test]


def signature(splits: list[Split]) -> Signature:
    """Return the input signature of one graph for all batches of some splits, where their steps differ.

    A separate graph for each number of steps would be built again and again, and in another order after a kill.
    """
    if not any(split.varied for split in splits):
        return None
    feeds = [Feed(split) for split in splits]
    shapes = [[None, *map(_common, *part)] for part in zip(*(feed.shapes() for feed in feeds), strict=True)]
    return [(shape, part.dtype) for shape, part in zip(shapes, feeds[0][0], strict=True)]


def _common(*sizes: int | None) -> int | None:
    return sizes[0] if len(set(sizes)) == 1 else None


def xla(model: keras.Model, dataset: Dataset, config: TrainingConfig) -> bool:
    """Return whether XLA compiles a step as a whole: always on JAX; on TensorFlow where that pays.

    On processors it pays for small models, from so many steps on, unless batches differ in their steps, each number of which
    would be a program of its own. On a GPU not all operations of XLA repeat exactly, and cuDNN is no part of it.
    """
    if not _ours(config):
        return keras.backend.backend() == "jax"
    if any(split.varied for split in splits(dataset)) or not all(layer.supports_jit for layer in compat.every_layer(model)):
        return False
    if gpus():
        return not config.deterministic
    return model.count_params() <= PARAMETERS and dataset.train.count >= STEPS


def room(feed: Feed) -> int:
    """Return how many batches one call is given: the same for all splits, and one where batches differ in their steps."""
    return 1 if feed.split.varied else max(1, min(MOST, BYTES // sum(part.nbytes for part in feed[0])))


def stacked(batches: list[tuple], size: int) -> Batches:
    """Return batches side by side, so many of them: the last one stands for those that are missing, which nobody reads."""
    filled = batches + batches[-1:] * (size - len(batches))
    return tuple(np.stack(parts) for parts in zip(*filled, strict=True))
