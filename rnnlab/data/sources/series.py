"""A series of numbers to forecast, from the columns of a table or an array of an .npz file."""

from collections.abc import Iterable
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from rnnlab.data.dataset import Dataset
from rnnlab.data.prepared import Prepared
from rnnlab.data.sources import arrays
from rnnlab.data.sources.reading import found
from rnnlab.data.sources.source_config import SPLITS, Count, Files, Fraction, Source
from rnnlab.data.sources.table import cells, records
from rnnlab.data.splits.streams import Series
from rnnlab.data.task import Task
from rnnlab.data.tokenizer import Codec, Scale
from rnnlab.errors import UserError
from rnnlab.section import conflict

Names = str | Annotated[list[str], Field(min_length=1)]
"""A column or several."""


class NumberSeries(Source):
    """The numbers of a series `horizon` steps ahead, at every step; several files are one series, by their names."""

    name: Literal["series"]
    """The name of the data set."""
    train: Files
    """Files that end in .csv, .tsv, .jsonl, .parquet or .npz."""
    validation: Files | Fraction = 0.1
    """The files, or the fraction of the training rows, taken from their end."""
    test: Files | Fraction = 0.1
    """The files, or the fraction of the training rows, taken from their end, after those for validation."""
    columns: Names
    """The columns that are read, or the arrays [steps] or [steps, features] of an .npz file."""
    target: Names | None = None
    """Those of the columns that are forecast; null takes all."""
    horizon: Count = 1
    """How many steps ahead is forecast."""
    window: Count = 50
    """Time steps in a window: how far back the gradient goes."""
    standardise: bool = True
    """Give each column mean 0 and deviation 1 over the training split; the error is then in deviations."""

    @property
    def tokens(self) -> bool:
        """The inputs are numbers."""
        return False

    @property
    def task(self) -> str:
        """The kind of task: a key of `rnnlab.data.task.KINDS`."""
        return "forecasting"

    @property
    def wanted(self) -> list[str]:
        """The columns that are forecast, then the others."""
        targets = _list(self.target or self.columns)
        return [*targets, *(name for name in _list(self.columns) if name not in targets)]

    @model_validator(mode="after")
    def _targets_are_columns(self) -> "NumberSeries":
        for name in _list(self.target or []):
            if name not in _list(self.columns):
                raise conflict(("target",), f"{name} is none of the columns", self.target)
        return self


def _list(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else names


def make(config: NumberSeries, folder: Path) -> dict[str, Any]:
    """Write the numbers [steps, columns] of each split, standardised, and return what is known."""
    splits, outputs = _read(config)
    for name, values in splits.items():
        if len(values) <= config.horizon:
            raise UserError(f"the {name} split of the series has {len(values)} rows, none of them {config.horizon} steps ahead")
    scale = arrays.measured(splits["train"]) if config.standardise else None
    for name, values in splits.items():
        np.save(folder / f"{name}.values.npy", (scale.standardised(values) if scale else values).astype(np.float32))
    goal = scale and Scale(scale.mean[:outputs], scale.deviation[:outputs])
    codec = Codec(inputs=scale, targets=goal)
    return {
        "codec": codec.document(),
        "outputs": outputs,
        "splits": {name: {"steps": len(part)} for name, part in splits.items()},
    }


def _read(config: NumberSeries) -> tuple[dict[str, np.ndarray], int]:
    """The numbers of each split, and how many of their columns are forecast."""
    fractions = {name: part for name in SPLITS if isinstance(part := getattr(config, name), float)}
    given = {name: found(getattr(config, name)) for name in SPLITS if name not in fractions}
    widths: list[int] = []
    splits = {name: np.concatenate([_file(path, config.wanted, widths) for path in paths]) for name, paths in given.items()}
    whole, end = splits["train"], len(splits["train"])
    for name in reversed(fractions):
        begin = max(0, end - max(1, round(len(whole) * fractions[name])))
        splits[name], end = whole[begin:end], begin
    splits["train"] = whole[:end]
    targets = len(_list(config.target or config.columns))
    return {name: splits[name][: config.limit] for name in SPLITS}, sum(widths[:targets])


def _file(path: Path, columns: list[str], widths: list[int]) -> np.ndarray:
    """The numbers of a file, [steps, columns]; `widths` becomes how many columns each name stands for."""
    read = _arrays if path.suffix == ".npz" else _table
    parts = read(path, columns)
    widths[:] = [part.shape[1] for part in parts]
    return np.concatenate(parts, axis=1)


def _arrays(path: Path, names: list[str]) -> list[np.ndarray]:
    parts = [arrays.columns(part) for part in arrays.load(path, names).values()]
    for name, part in zip(names, parts, strict=True):
        if part.ndim != 2 or len(part) != len(parts[0]):
            raise UserError(f"{path}: {name!r} should be [steps] or [steps, features], {len(parts[0])} steps, got {part.shape}")
        arrays.check_finite(f"{path}: {name!r}", part, np.array([len(part)]))
    return parts


def _table(path: Path, columns: list[str]) -> list[np.ndarray]:
    rows: Iterable[list[float]] = (
        [_number(place, name, value) for name, value in zip(columns, cells(place, record, columns), strict=True)]
        for place, record in records(path)
    )
    numbers = np.array(list(rows), np.float64).reshape(-1, len(columns))
    return [numbers[:, [place]] for place in range(len(columns))]


def _number(place: str, column: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise UserError(f"{place}: the column {column!r} should be a number, got {value!r}") from None
    if not isfinite(number):
        raise UserError(f"{place}: the column {column!r} should be finite, got {value!r}")
    return number


def assemble(config: NumberSeries, prepared: Prepared) -> Dataset:
    """Return the series as a data set."""
    outputs = prepared.about["outputs"]
    split = partial(Series, rows=config.batch_size, steps=config.window, horizon=config.horizon, outputs=outputs)
    train, validation, test = (split(prepared[f"{name}.values"]) for name in SPLITS)
    task = Task(config.task, (config.batch_size, config.window, train.values.shape[1]), outputs, "steps", carried=True)
    return Dataset(config.name, task, train, validation, test, Codec.of(prepared.about["codec"]))
