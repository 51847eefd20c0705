"""A snapshot of a model's inside as a file of arrays and as a table; reading one needs nothing heavy."""

import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from rnnlab import files
from rnnlab.documents import Record

END = "end.npz"
"""The file of the snapshot of the final weights, those of the best epoch."""

Snapshot = dict[str, np.ndarray]
"""By `layer/what/statistic`:

- `layer/GATE/heat` (steps, units) of one row, the one with the most different inputs, `/histogram` (bins,) counts, `/mean`
  (units,), and but for the candidate `/below` and `/above` (units,), the parts of the steps below 0.1 and above 0.9;
- `layer/{forget, update, retained}/time_constant` (units,) in steps;
- `layer/{hidden, cell}/heat`, `/size` (steps,), `/flow`, `/distance`, `/relative` (lags,);
- `tokens` (steps,) of that row, where the batch has any.
"""


def write(path: Path, snapshot: Snapshot) -> None:
    """Write a snapshot as one .npz file, atomically; equal arrays give equal bytes."""
    content = BytesIO()
    np.savez_compressed(content, **snapshot)  # type: ignore[arg-type]
    files.write(path, content.getvalue())


def read(path: Path) -> Snapshot:
    """Return a snapshot; raise OSError or ValueError where the file is missing, damaged or something else."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)
    except (BadZipFile, zlib.error, EOFError, KeyError, AttributeError, TypeError, NotImplementedError) as error:
        raise ValueError(f"{path} is damaged or not a snapshot: {error}") from None


COLUMNS = {
    "mean": "mean activation of a gate over units, steps and rows",
    "below": "share of the steps at which a gate is below 0.1: shut",
    "above": "share of the steps at which a gate is above 0.9: open",
    "time_constant": "steps after which the memory of the median unit has faded to 1/e",
    "norm": "Euclidean norm of a state over its units, mean over the steps",
    "gradient": "share of the gradient at lag 1 that is left ten lags later",
    "memory": "share of the effect of a changed token that is left ten steps later",
}
"""What the columns of the table below mean."""


def table(snapshot: Snapshot) -> list[Record]:
    """Return a snapshot as a row for each layer and gate or state, with metrics over all its units.

    `below` and `above` are the parts of the steps at which a gate is below 0.1 and above 0.9, `time_constant` the median over
    the units. `norm` is that of a state over its units; `gradient` and `memory` are the shares that remain, ten lags later (or
    at the last lag), of the gradient at lag 1 and of a changed token at lag 0.
    """
    names = dict.fromkeys(key.rsplit("/", 1)[0] for key in snapshot if "/" in key)
    return [
        _row(name, {key.rsplit("/", 1)[1]: value for key, value in snapshot.items() if key.startswith(f"{name}/")})
        for name in names
    ]


def _row(name: str, of: Mapping[str, np.ndarray]) -> Record:
    layer, what = name.split("/")
    row: Record = {"layer": layer, "what": what}
    row |= {name: float(of[name].mean()) for name in ("mean", "below", "above") if name in of}
    if "time_constant" in of:
        row["time_constant"] = float(np.median(of["time_constant"]))
    if "flow" in of:
        row |= {"norm": float(np.nanmean(of["size"])), "gradient": _left(of["flow"], 1), "memory": _left(of["relative"], 0)}
    return row


def _left(values: np.ndarray, first: int) -> float | None:
    """What is left of the value at lag `first` ten lags later, or at the last one that there is."""
    real = np.flatnonzero(np.isfinite(values))
    real = real[(real >= first) & (real <= first + 10)]
    return float(values[real[-1]] / values[first]) if len(real) > 1 and values[first] else None
