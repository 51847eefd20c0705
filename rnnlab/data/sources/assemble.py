"""Prepared arrays become a data set: a text is read as a stream, examples are padded."""

from collections.abc import Iterable
from functools import partial

import numpy as np

from rnnlab.data.dataset import Dataset
from rnnlab.data.prepared import Prepared
from rnnlab.data.segmentation import END_OF_LINE
from rnnlab.data.sources.source_config import SPLITS, Config
from rnnlab.data.splits.streams import TokenStream
from rnnlab.data.splits.variable_length import Ragged
from rnnlab.data.task import KINDS, Task
from rnnlab.data.tokenizer import Codec


def text(config: Config, prepared: Prepared) -> Dataset:
    """Return a language-modelling data set, each split a stream that begins after an `<eos>`."""
    codec = Codec.of(prepared.about["codec"])
    start = int(codec.encode([END_OF_LINE])[0])
    size = len(codec.vocabulary or ())
    task = Task(config.task, (config.batch_size, config.steps), size, codec.unit, vocabulary=size, carried=config.carry)
    train, validation, test = (prepared[f"{name}.values"] for name in SPLITS)
    stream = partial(TokenStream, rows=config.batch_size, steps=config.window, start=start)
    return Dataset(config.name, task, stream(train, sampling=config.window_sampling), stream(validation), stream(test), codec)


def examples(config: Config, prepared: Prepared) -> Dataset:
    """Return a data set of examples of unequal lengths, of tokens or of numbers."""
    kind = KINDS[config.task]
    first, *others = SPLITS
    train = _ragged(config, prepared, first)
    splits = [train, *(_ragged(config, prepared, name, train.widths) for name in others)]
    codec = Codec.of(prepared.about["codec"])
    beside = 0 if train.beside is None else train.beside.shape[1]
    task = Task(
        config.task,
        (config.batch_size, _width(splits), *((1 + beside,) if beside else train.values.shape[1:])),
        len(codec.labels) if kind.classes else train.targets.shape[1],
        "steps" if kind.per_step else "examples",
        vocabulary=len(codec.vocabulary or ()) or prepared.about.get("tokens", 0),
        padded=True,
        beside=beside,
    )
    return Dataset(config.name, task, splits[0], splits[1], splits[2], codec, dropped=prepared.about.get("dropped", {}))


def _ragged(config: Config, prepared: Prepared, name: str, like: np.ndarray | None = None) -> Ragged:
    """A split of examples of unequal lengths, padded where possible to the same widths as another one."""
    return Ragged(
        prepared[f"{name}.values"],
        prepared[f"{name}.offsets"],
        prepared[f"{name}.targets"],
        rows=config.batch_size,
        per_step=KINDS[config.task].per_step,
        shuffled=name == "train",
        max_length=config.lengths.max_length,
        keep=config.lengths.keep,
        beside=_beside(prepared, name),
        like=like,
    )


def _beside(prepared: Prepared, name: str) -> np.ndarray | None:
    return prepared[f"{name}.beside"] if prepared.about["codec"].get("beside") else None


def _width(splits: Iterable[Ragged]) -> int | None:
    """The steps of every batch, None where they differ."""
    widths = np.unique(np.concatenate([split.widths for split in splits]))
    return int(widths[0]) if len(widths) == 1 else None
