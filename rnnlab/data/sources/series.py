"""A series of numbers to forecast, from the columns of a table or an array of an .npz file."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from rnnlab.data.dataset import Dataset
from rnnlab.data.prepared import Prepared
from rnnlab.data.sources import arrays, frames
from rnnlab.data.sources.layout import Layout
from rnnlab.data.sources.numbers import numbers
from rnnlab.data.sources.reading import found
from rnnlab.data.sources.series_gaps import Fill, filled, refused
from rnnlab.data.sources.source_config import SPLITS, Count, Files, Fraction
from rnnlab.data.splits.streams import Series
from rnnlab.data.task import Task
from rnnlab.data.tokenizer import Codec, Scale
from rnnlab.errors import UserError
from rnnlab.section import conflict

Names = str | Annotated[list[str], Field(min_length=1)]
"""A column or several."""


class NumberSeries(Layout):
    """The numbers of a series `horizon` steps ahead, at every step; several files are one series, by their names."""

    name: Literal["series"]
    """The name of the data set."""
    train: Files
    """Files that end in .csv, .tsv, .txt, .json, .jsonl or .parquet, .gz, .bz2 or .xz may follow; or in .npz."""
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
    missing: Literal["refuse", "interpolate", "mask"] | Fill = "refuse"
    """What happens where a value is missing: it is refused; or interpolated between its neighbours in the same split; or, with
    mask, the mean is read there, a further feature says whether a value was there, and no missing value is scored; or
    `fill: NUMBER` stands for it."""
    sentinel: float | None = None
    """A number that stands for a missing value, such as -200."""
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
    gaps = {name: int(np.isnan(values).sum()) for name, values in splits.items()}
    known = {name: ~np.isnan(values) for name, values in splits.items()}
    splits = filled(splits, config.missing)
    for name, values in splits.items():
        if len(values) <= config.horizon:
            raise UserError(f"the {name} split of the series has {len(values)} rows, none of them {config.horizon} steps ahead")
    scale = arrays.measured(splits["train"]) if config.standardise else None
    for name, values in splits.items():
        np.save(folder / f"{name}.values.npy", (scale.standardised(values) if scale else values).astype(np.float32))
        if config.missing == "mask":
            np.save(folder / f"{name}.known.npy", known[name][:, :outputs].all(axis=1))
    goal = scale and Scale(scale.mean[:outputs], scale.deviation[:outputs])
    codec = Codec(inputs=scale, targets=goal)
    return {
        "codec": codec.document(),
        "outputs": outputs,
        "splits": {name: {"steps": len(part), **_counted(gaps[name])} for name, part in splits.items()},
    }


def _read(config: NumberSeries) -> tuple[dict[str, np.ndarray], int]:
    """The numbers of each split, and how many of their columns are forecast."""
    fractions = {name: part for name in SPLITS if isinstance(part := getattr(config, name), float)}
    given = {name: found(getattr(config, name)) for name in SPLITS if name not in fractions}
    widths: list[int] = []
    splits = {name: np.concatenate([_file(path, config, widths) for path in paths]) for name, paths in given.items()}
    whole, end = splits["train"], len(splits["train"])
    for name in reversed(fractions):
        begin = max(0, end - max(1, round(len(whole) * fractions[name])))
        splits[name], end = whole[begin:end], begin
    splits["train"] = whole[:end]
    targets = len(_list(config.target or config.columns))
    return {name: splits[name][: config.limit] for name in SPLITS}, sum(widths[:targets])


def _counted(gaps: int) -> dict[str, int]:
    return {"missing": gaps} if gaps else {}


def _file(path: Path, config: NumberSeries, widths: list[int]) -> np.ndarray:
    """The numbers of a file, [steps, columns], NaN where one is missing; `widths` becomes how many columns each name has."""
    parts = _arrays(path, config) if path.suffix == ".npz" else _table(path, config)
    widths[:] = [part.shape[1] for part in parts]
    return np.concatenate(parts, axis=1)


def _arrays(path: Path, config: NumberSeries) -> list[np.ndarray]:
    parts = [arrays.columns(part) for part in arrays.load(path, config.wanted).values()]
    for name, part in zip(config.wanted, parts, strict=True):
        if part.ndim != 2 or len(part) != len(parts[0]):
            raise UserError(f"{path}: {name!r} should be [steps] or [steps, features], {len(parts[0])} steps, got {part.shape}")
        if config.missing == "refuse" and config.sentinel is None:
            arrays.check_finite(f"{path}: {name!r}", part, np.array([len(part)]))
    marked = [_marked(part.astype(np.float64), config) for part in parts]
    if config.missing == "refuse":
        refused(str(path), dict(zip(config.wanted, marked, strict=True)), lambda row: f" step {row}")
    return marked


def _table(path: Path, config: NumberSeries) -> list[np.ndarray]:
    frame = frames.read(path, config.wanted, config)
    parts = {name: _marked(numbers(frame, name, config), config) for name in config.wanted}
    if config.missing == "refuse":
        refused(str(path), parts, frame.line)
    return [part[:, None] for part in parts.values()]


def _marked(values: np.ndarray, config: NumberSeries) -> np.ndarray:
    """The values, NaN where the sentinel stands."""
    return values if config.sentinel is None else np.where(values == config.sentinel, np.nan, values)


def assemble(config: NumberSeries, prepared: Prepared) -> Dataset:
    """Return the series as a data set."""
    outputs = prepared.about["outputs"]
    split = partial(Series, rows=config.batch_size, steps=config.window, horizon=config.horizon, outputs=outputs)
    known = [prepared[f"{name}.known"] if config.missing == "mask" else None for name in SPLITS]
    train, validation, test = (split(prepared[f"{name}.values"], known=one) for name, one in zip(SPLITS, known, strict=True))
    task = Task(config.task, (config.batch_size, config.window, train.values.shape[1]), outputs, "steps", carried=True)
    return Dataset(config.name, task, train, validation, test, Codec.of(prepared.about["codec"]))
