"""Whether a data set does what every data set has to."""

import numpy as np
from pydantic import TypeAdapter

from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import DataConfig
from rnnlab.data.dataset import PADDING, Dataset, Split
from rnnlab.documents import Fields
from rnnlab.testing.require import require


def check_dataset(section: str | Fields) -> None:
    """Check the data set of a section, or of a name with defaults; raise CheckError where it fails, which says why.

    It is the same each time it is made, its splits differ, an epoch has every scored position once in an order that follows
    from seed and epoch, and batches have the shapes, types and ranges that its task tells a model.

    >>> check_dataset({"name": "adding", "length": 5, "examples": {"train": 50, "validation": 20, "test": 20}})
    """
    config = TypeAdapter(DataConfig).validate_python({"name": section} if isinstance(section, str) else dict(section))
    data, again = build(config), build(config)
    told = f"{data.name} changes when it is made again: derive it from the seed that it is given"
    require(data.sha256 == again.sha256, told)
    splits = {"train": data.train, "validation": data.validation, "test": data.test}
    for name, split in splits.items():
        _batches(f"{data.name}, {name}", data, split)
    for name in ("validation", "test"):
        same = all(map(np.array_equal, data.train.arrays(), splits[name].arrays()))
        require(not same, f"{data.name}: {name} is train again: draw each split from its own seed")


def _batches(name: str, data: Dataset, split: Split) -> None:
    order = split.order(1, 0)
    require(np.array_equal(order, split.order(1, 0)), f"{name}: the order of an epoch is not the same twice")
    scored = 0
    for items in order:
        batch = split.batch(items)
        shape = data.task.batch_shape
        fits = len(batch.x.shape) == len(shape) and all(w in (None, n) for w, n in zip(shape, batch.x.shape, strict=True))
        require(fits, f"{name}: a batch of inputs has the shape {batch.x.shape}, and the task says {shape}")
        real = batch.sample_weight > 0
        scored += int(real.sum())
        _values(name, data, batch.x, batch.y[real])
    require(scored == split.size, f"{name}: an epoch scores {scored} positions instead of {split.size}")


def _values(name: str, data: Dataset, x: np.ndarray, y: np.ndarray) -> None:
    task = data.task
    if task.vocabulary and not task.beside:
        tokens = x[x != PADDING]
        within = tokens.size == 0 or (tokens.min() >= 0 and tokens.max() < task.vocabulary)
        require(bool(within), f"{name}: a token number is outside 0 to {task.vocabulary - 1}: give vocabulary=")
    elif not task.padded:
        require(bool(np.isfinite(x).all()), f"{name}: an input is not a finite number")
    require(bool(np.isfinite(y).all()), f"{name}: a target is not a finite number")
    if task.kind.classes:
        within = y.size == 0 or (y.min() >= 0 and y.max() < task.outputs)
        require(bool(within), f"{name}: a class is outside 0 to {task.outputs - 1}: give outputs=")
    else:
        width = task.outputs // max(task.kind.heads, len(task.quantiles))
        require(y.shape[-1] == width, f"{name}: a target has {y.shape[-1]} numbers and the task {width}: give outputs=")
