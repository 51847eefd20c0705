"""The section of a series of numbers to forecast."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from rnnlab.data.sources.layout import Layout
from rnnlab.data.sources.series_gaps import Fill
from rnnlab.data.sources.source_config import Count, Files, Fraction
from rnnlab.documents import Record
from rnnlab.section import conflict

Names = str | Annotated[list[str], Field(min_length=1)]
"""A column or several."""
Quantile = Annotated[float, Field(gt=0, lt=1)]
NEEDS_TIME = ("day_first", "every", "calendar")


class NumberSeries(Layout):
    """Numbers of a series some steps ahead, forecast at every step; several files are one series, by their names.

    Every forecast that is evaluated has read the steps before it, up to `window` of them and those of its own window, also
    steps that lie in the split before.
    """

    name: Literal["series"]
    """The name of the data set."""
    train: Files
    """Files that end in .csv, .tsv, .txt, .json, .jsonl or .parquet, .gz, .bz2 or .xz may follow; or in .npz."""
    validation: Files | Fraction = 0.1
    """The files, or the fraction of the training rows, taken from the end of every series."""
    test: Files | Fraction = 0.1
    """The files, or the fraction of the training rows, taken from the end of every series, after those for validation."""
    columns: Names
    """The columns that are read, or the arrays [steps] or [steps, features] of an .npz file."""
    target: Names | None = None
    """Those of the columns that are forecast; null takes all."""
    horizon: Count = 1
    """How many steps ahead is forecast."""
    path: bool = False
    """Forecast every step up to the horizon, not only the one at it."""
    quantiles: Annotated[list[Quantile], Field(min_length=1)] | None = None
    """Forecast these quantiles, in rising order, by the pinball loss; null forecasts the mean by the squared error."""
    season: Count | None = None
    """Steps of a season, such as 24 of hours: the seasonal naive forecast is told beside the model's."""
    time: str | None = None
    """The column of the time: rows are sorted by it and checked for repeats, and forecasts have dates."""
    day_first: bool | None = None
    """Whether dates such as 01/02/2024 begin with the day; null reads it from the dates, and `data describe` tells a guess."""
    every: str | None = None
    """How far apart two steps are, in pandas' words, such as 15min, 1h, 1D or MS; missing steps are then found."""
    id: str | None = None
    """The column that tells series apart, where a file has many; no window goes across two of them."""
    known: Names | None = None
    """Further columns, whose values are known ahead, such as holidays: a forecast reads them at the steps that it forecasts."""
    calendar: Annotated[list[Literal["minute", "hour", "weekday", "day", "month", "yearday"]], Field(min_length=1)] | None = (
        None
    )
    """Where in these cycles the forecast step is, as sine and cosine."""
    window: Count = 50
    """Scored steps in a window, which begins with as many steps of context: the gradient goes back through both."""
    missing: Literal["refuse", "interpolate", "mask"] | Fill = "refuse"
    """What happens where a value is missing: it is refused; or interpolated between its neighbours in the same split; or, with
    mask, the mean is read there, a further feature says whether a value was there, and no missing value is scored; or
    `fill: NUMBER` stands for it. With `every` missing rows are missing values."""
    sentinel: float | None = None
    """A number that stands for a missing value, such as -200."""
    standardise: bool = True
    """Give each column mean 0 and deviation 1 over the training split; the error is then in deviations."""

    @property
    def key(self) -> Record:
        """The settings that shape the arrays."""
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
            raise ValueError(f"quantiles should rise, got {quantiles}")
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
                raise conflict(("target",), f"{name} is none of the columns", self.target)
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
