"""The section of a series of numbers to forecast."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from rnnlab.data.sources.layout import Layout
from rnnlab.data.sources.series_gaps import Fill
from rnnlab.data.sources.source_config import Count, Files, Fraction
from rnnlab.documents import Record
from rnnlab.section import conflict

Names = str | Annotated[list[str], Field(min_length=1)]
"""One or several columns."""
Quantile = Annotated[float, Field(gt=0, lt=1)]
NEEDS_TIME = ("day_first", "every", "calendar")


class NumberSeries(Layout):
    """A forecast some steps ahead at every step of a series; several files are one series, in the order of their names.

    Every forecast that is evaluated has read up to `window` steps before its window and those of its window so far, including
    steps of the previous split.
    """

    name: Literal["series"]
    """The name of the data set."""
    train: Files
    """Files in .csv, .tsv, .txt, .json, .jsonl or .parquet, optionally compressed (.gz, .bz2, .xz), or in .npz."""
    validation: Files | Fraction = 0.1
    """The files, or a fraction of the training rows, taken from the end of every series."""
    test: Files | Fraction = 0.1
    """The files, or a fraction of the training rows, taken from the end of every series, after those for validation."""
    columns: Names
    """The columns to read, or the arrays [steps] or [steps, features] of an .npz file."""
    target: Names | None = None
    """The columns to forecast; null forecasts all."""
    horizon: Count = 1
    """How many steps ahead to forecast."""
    path: bool = False
    """Forecast every step up to the horizon, not only the last."""
    quantiles: Annotated[list[Quantile], Field(min_length=1)] | None = None
    """Forecast these quantiles, in rising order, with the pinball loss; null forecasts the mean with the squared error."""
    season: Count | None = None
    """Steps per season, such as 24 for hourly data; the seasonal naive forecast is reported beside the model's."""
    time: str | None = None
    """The time column: rows are sorted by it and checked for duplicates, and forecasts have dates."""
    day_first: bool | None = None
    """Whether dates such as 01/02/2024 begin with the day; null infers it from the dates, and `data describe` reports a
    guess."""
    every: str | None = None
    """The time between two steps as a pandas frequency, such as 15min, 1h, 1D or MS; missing rows are then detected."""
    id: str | None = None
    """The column that identifies the series, in a file with several; no window spans two series."""
    known: Names | None = None
    """Further columns whose future values are known, such as holidays; a forecast reads their values at the steps it
    forecasts."""
    calendar: Annotated[list[Literal["minute", "hour", "weekday", "day", "month", "yearday"]], Field(min_length=1)] | None = (
        None
    )
    """Calendar features of the forecast step: its position in each of these cycles, as sine and cosine."""
    window: Count = 50
    """Scored steps per window, preceded by as many steps of context; the gradient is propagated through both."""
    missing: Literal["refuse", "interpolate", "mask"] | Fill = "refuse"
    """How missing values are handled: refuse rejects the data; interpolate uses the neighbours in the same split; mask reads
    the mean, adds a feature that says whether the value is present, and scores no missing value; `fill: NUMBER` reads that
    number. With `every`, missing rows count as missing values."""
    sentinel: float | None = None
    """A number that marks a missing value, such as -200."""
    standardise: bool = True
    """Scale each column to mean 0 and standard deviation 1 over the training split; errors are then in standard deviations."""

    @property
    def key(self) -> Record:
        """The settings that affect the prepared arrays."""
        return {name: value for name, value in super().key.items() if name not in ("season", "quantiles")}

    @property
    def tokens(self) -> bool:
        """The inputs are numbers."""
        return False

    @property
    def task(self) -> str:
        """The kind of task: a key of `rnnlab.data.task.KINDS`."""
        return "quantile_forecasting" if self.quantiles else "forecasting"

    @property
    def targets(self) -> list[str]:
        """The columns that are forecast."""
        return listed(self.target or self.columns)

    @property
    def wanted(self) -> list[str]:
        """The columns that are forecast, then the others."""
        return [*self.targets, *(name for name in listed(self.columns) if name not in self.targets)]

    @field_validator("quantiles")
    @classmethod
    def _rising(cls, quantiles: list[float] | None) -> list[float] | None:
        if quantiles and sorted(set(quantiles)) != quantiles:
            raise ValueError(f"quantiles should be in rising order, got {quantiles}")
        return quantiles

    @model_validator(mode="after")
    def _each_once(self) -> "NumberSeries":
        for setting in ("columns", "target", "known"):
            if len(set(named := listed(getattr(self, setting) or []))) < len(named):
                raise conflict((setting,), "every column is named once", named)
        return self

    @model_validator(mode="after")
    def _fits(self) -> "NumberSeries":
        for name in listed(self.target or []):
            if name not in listed(self.columns):
                raise conflict(("target",), f"{name} is not one of the columns", self.target)
        for name in listed(self.known or []):
            if name in listed(self.columns):
                raise conflict(("known",), f"{name} is one of the columns already; known: names further ones", self.known)
        for setting in NEEDS_TIME:
            if getattr(self, setting) is not None and not self.time:
                raise conflict((setting,), f"{setting}: needs time:, the column of the time", getattr(self, setting))
        return self


def listed(names: str | list[str]) -> list[str]:
    """Return names as a list."""
    return [names] if isinstance(names, str) else list(names)
