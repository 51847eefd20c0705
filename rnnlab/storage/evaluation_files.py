"""The files of a run's evaluation beside its result: reliability diagrams or coverage, and the last forecasts."""

import json
from pathlib import Path

from rnnlab import files, sealed
from rnnlab.documents import Fields, Record
from rnnlab.storage.store import CALIBRATION, FORECAST


def write_calibration(folder: Path, document: Fields) -> None:
    """Write the reliability diagrams or the coverage of a run, see `rnnlab.inspection.evaluation`."""
    files.write(folder / CALIBRATION, json.dumps(sealed.seal(document)) + "\n")


def read_calibration(folder: Path) -> Record | None:
    """Return what `write_calibration` wrote; None where there is nothing or it is damaged."""
    return _unsealed(folder / CALIBRATION)


def write_forecast(folder: Path, document: Fields) -> None:
    """Write the last forecasts of a run, see `rnnlab.inspection.forecasts`."""
    files.write(folder / FORECAST, json.dumps(sealed.seal(document)) + "\n")


def read_forecast(folder: Path) -> Record | None:
    """Return what `write_forecast` wrote; None where there is nothing or it is damaged."""
    return _unsealed(folder / FORECAST)


def _unsealed(path: Path) -> Record | None:
    try:
        return sealed.unseal(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
