"""What the evaluation of a run leaves beside its result: reliability diagrams or coverage, and the last forecasts."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rnnlab import files, sealed
from rnnlab.storage.store import CALIBRATION, FORECAST


def write_calibration(folder: Path, document: Mapping[str, Any]) -> None:
    """Write the reliability diagrams or the coverage of a run, see `rnnlab.inspection.evaluation`."""
    files.write(folder / CALIBRATION, json.dumps(sealed.seal(document)) + "\n")


def read_calibration(folder: Path) -> dict[str, Any] | None:
    """Return what `write_calibration` wrote; None where there is nothing or it is damaged."""
    return _unsealed(folder / CALIBRATION)


def write_forecast(folder: Path, document: Mapping[str, Any]) -> None:
    """Write the last forecasts of a run, see `rnnlab.inspection.forecasts`."""
    files.write(folder / FORECAST, json.dumps(sealed.seal(document)) + "\n")


def read_forecast(folder: Path) -> dict[str, Any] | None:
    """Return what `write_forecast` wrote; None where there is nothing or it is damaged."""
    return _unsealed(folder / FORECAST)


def _unsealed(path: Path) -> dict[str, Any] | None:
    try:
        return sealed.unseal(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
