"""From a way to draw examples to a data set of three splits."""

from collections.abc import Callable, Mapping

import numpy as np

from rnnlab.data.dataset import Dataset
from rnnlab.data.generators.generator_config import (
    Adding,
    Agreement,
    AssociativeRecall,
    CopyMemory,
    Parity,
    TemporalOrder,
)
from rnnlab.data.splits.fixed_length import Examples
from rnnlab.data.task import KINDS, Task
from rnnlab.seeds import derive

DrawnTask = Adding | Agreement | AssociativeRecall | CopyMemory | Parity | TemporalOrder
"""A section of a task that is drawn example by example."""
Draw = Callable[[int, int], tuple[np.ndarray, np.ndarray]]
"""From how many examples, and a seed, to inputs and targets."""
Scores = Mapping[str, Mapping[str, float]]
"""Values that are known beforehand, by metric and by who gets them: perfect, guessing."""


def seed_of(config: DrawnTask, split: str) -> int:
    """Return the seed that a split is drawn from; no two splits share one."""
    return derive(config.seed, config.name, split)


def generated(config: DrawnTask, draw: Draw | Mapping[str, Draw], outputs: int, vocabulary: int, known: Scores) -> Dataset:
    """Return the data set of a generated task, the same in every run; `draw` is that of all splits, or of each by its name."""
    kind = KINDS[config.task]

    def split(name: str) -> Examples:
        drawn = draw[name] if isinstance(draw, Mapping) else draw
        x, y = drawn(getattr(config.examples, name), seed_of(config, name))
        return Examples(
            x[: config.limit_examples], y[: config.limit_examples], config.batch_size, name == "train", kind.per_step
        )

    train, validation, test = map(split, ("train", "validation", "test"))
    shape = (config.batch_size, *train.x.shape[1:])
    return Dataset(
        name=config.name,
        task=Task(config.task, shape, outputs * kind.heads, "steps" if kind.per_step else "examples", vocabulary),
        train=train,
        validation=validation,
        test=test,
        known_scores=known,
    )
