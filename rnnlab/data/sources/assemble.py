"""Prepared arrays become a data set: a text is read as a stream, examples are padded."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from rnnlab.data.cache import Prepared
from rnnlab.data.dataset import Dataset
from rnnlab.data.ragged import Ragged
from rnnlab.data.sources.prepare import SPLITS
from rnnlab.data.streams import Stream
from rnnlab.data.task import KINDS, Task
from rnnlab.data.text import END_OF_LINE, Vocabulary


def text(config: Any, found: Prepared) -> Dataset:
    """Return a language-modelling data set, each split a stream that begins after an `<eos>`."""
    vocabulary = Vocabulary(tuple(found.about["vocabulary"]))
    start = int(vocabulary.encode([END_OF_LINE])[0])
    streams = [Stream(found[f"{name}.values"], rows=config.batch_size, steps=config.window, start=start) for name in SPLITS]
    unit = {"character": "characters", "subword": "subwords"}.get(found.about["level"], "words")
    task = Task(
        config.task, (config.batch_size, config.window), len(vocabulary), unit, vocabulary=len(vocabulary), carried=True
    )
    return Dataset(config.name, task, streams[0], streams[1], streams[2], vocabulary)


def examples(config: Any, found: Prepared) -> Dataset:
    """Return a data set of examples of unequal lengths, of tokens or of numbers."""
    kind = KINDS[config.task]
    splits = [
        Ragged(
            found[f"{name}.values"],
            found[f"{name}.offsets"],
            found[f"{name}.targets"],
            rows=config.batch_size,
            per_step=kind.per_step,
            shuffled=name == "train",
            max_length=config.lengths.max_length,
            keep=config.lengths.keep,
        )
        for name in SPLITS
    ]
    words = found.about.get("vocabulary")
    vocabulary = Vocabulary(tuple(words)) if words else None
    train = splits[0]
    task = Task(
        config.task,
        (config.batch_size, _width(splits), *train.values.shape[1:]),
        len(found.about["labels"]) if kind.classes else train.targets.shape[1],
        "steps" if kind.per_step else "examples",
        vocabulary=len(vocabulary) if vocabulary else 0,
        padded=True,
    )
    return Dataset(config.name, task, splits[0], splits[1], splits[2], vocabulary)


def _width(splits: Iterable[Ragged]) -> int | None:
    """The steps of every batch, None where they differ."""
    widths = np.unique(np.concatenate([split.widths for split in splits]))
    return int(widths[0]) if len(widths) == 1 else None
