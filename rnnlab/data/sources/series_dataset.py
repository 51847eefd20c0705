"""The data set of prepared series of numbers."""

from functools import partial

from rnnlab.data.dataset import Dataset
from rnnlab.data.forecast import forecast_of
from rnnlab.data.prepared import Prepared
from rnnlab.data.sources.series_config import NumberSeries
from rnnlab.data.sources.source_config import SPLITS
from rnnlab.data.splits.series_windows import Ahead, Series, SeriesPart, part
from rnnlab.data.task import Task
from rnnlab.data.tokenizer import Codec
from rnnlab.errors import UserError


def assemble(config: NumberSeries, prepared: Prepared) -> Dataset:
    """Return the series as a data set."""
    about, known, steps = prepared.about, prepared["series.known"], Ahead.of(config.horizon, config.path)
    split = partial(
        Series,
        prepared["series.values"],
        rows=config.batch_size,
        window=config.window,
        ahead=steps,
        outputs=about["outputs"],
        known=known if known.shape[1] else None,
        real=prepared["series.real"] if config.missing == "mask" else None,
    )
    made = _parts(prepared, steps)
    train, validation, test = (split(parts=made[name], shuffled=name == "train") for name in SPLITS)
    codec, quantiles = Codec.of(about["codec"]), tuple(config.quantiles or ())
    widths = {split.width for split in (train, validation, test)}
    outputs = about["outputs"] * len(steps.steps) * (len(quantiles) or 1)
    shape = (config.batch_size, widths.pop() if len(widths) == 1 else None, train.features)
    task = Task(config.task, shape, outputs, "steps", padded=True, quantiles=quantiles)
    _check_season(config, train)
    learnt = {name: about[name] for name in ("encoders", "known_scale", "every", "day_first", "gaps")}
    forecast = forecast_of(
        train, tuple(about["targets"]), config.season, quantiles=quantiles, scale=codec.targets, about=learnt
    )
    return Dataset(config.name, task, train, validation, test, codec, forecast=forecast)


def _parts(prepared: Prepared, steps: Ahead) -> dict[str, list[SeriesPart]]:
    """The parts of the series that each split consists of."""
    parts: dict[str, list[SeriesPart]] = {name: [] for name in SPLITS}
    for place, origin, total, begin, end in prepared["series.parts"].tolist():
        parts[SPLITS[place]].append(part(origin, total, begin, end, steps))
    return parts


def _check_season(config: NumberSeries, train: Series) -> None:
    if config.season and config.season >= (most := max(one.end - one.begin for one in train.parts)):
        raise UserError(f"season: {config.season} steps are no season of the {most} steps to train on")
