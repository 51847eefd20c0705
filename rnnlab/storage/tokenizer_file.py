"""The task, tokens, labels and scales that a run keeps, so that it encodes and decodes without its data."""

import json
from dataclasses import asdict
from pathlib import Path

from rnnlab import files, sealed
from rnnlab.data.dataset import Dataset
from rnnlab.data.forecast import Forecast
from rnnlab.data.task import Task
from rnnlab.data.tokenizer import Codec
from rnnlab.documents import Record
from rnnlab.errors import UserError
from rnnlab.storage.store import TOKENS


def write(folder: Path, dataset: Dataset) -> None:
    """Write task and codec of a data set into the folder of a run, sealed; it is there whole or not at all."""
    forecast = dataset.forecast and dataset.forecast.document()
    document = {"task": asdict(dataset.task), "codec": dataset.codec.document(), "forecast": forecast}
    files.write(folder / TOKENS, json.dumps(sealed.seal(document), ensure_ascii=False) + "\n")


def read(folder: Path) -> tuple[Task, Codec]:
    """Return the task and the codec of a run; raise UserError where there are none, or they are not as they were written."""
    document = _read(folder)
    return Task.of(document["task"]), Codec.of(document["codec"])


def read_forecast(folder: Path) -> Forecast | None:
    """Return what the run forecasts; None where it forecasts no series."""
    document = _read(folder).get("forecast")
    return document and Forecast.of(document)


def _read(folder: Path) -> Record:
    path = folder / TOKENS
    try:
        return sealed.unseal(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"{folder} has no {TOKENS}: it is not the folder of a run, or of one that an older rnnlab made"
        ) from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is damaged ({error}); rnnlab run repairs it") from None
