"""The states, gates and masks of one run, or of two side by side, as one self-contained HTML file."""

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rnnlab import files
from rnnlab.documents import Record
from rnnlab.plots.svg import css
from rnnlab.storage.store import INSPECTION

if TYPE_CHECKING:
    from rnnlab.trained.explored import Explored

FILE = "explorer.html"
_TEMPLATES = Path(__file__).parent / "templates"
_TOP = 32767


def write(folder: str | Path, other: str | Path | None = None, text: str | None = None) -> Path:
    """Write the explorer of a run into its folder `inspection`, beside an `other` run where one is named; return the file.

    Raises UserError as `rnnlab.trained.explored.explore` does.
    """
    from rnnlab.trained.explored import explore

    runs = [explore(folder, text)]
    if other is not None:
        runs.append(explore(other, text, like=Path(folder)))
    path = files.make(Path(folder) / INSPECTION) / FILE
    files.write(path, page(runs))
    return path


def page(runs: Sequence["Explored"]) -> str:
    """Return the explorer as HTML; nothing is fetched, and every text from a file is escaped."""
    style, script = _read("explorer.css"), _read("explorer_drawing.js") + _read("explorer.js")
    data = json.dumps([_packed(asdict(run)) for run in runs], separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
    parts = {
        "title": escape(" and ".join(run.name for run in runs)),
        "style": css() + style,
        "script": script,
        "hash": b64encode(sha256(script.encode()).digest()).decode(),
        "data": data,
    }
    head, *others = _read("explorer.html").split("{{")
    return head + "".join(parts[one.partition("}}")[0].strip()] + one.partition("}}")[2] for one in others)


def _read(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _packed(part: object) -> object:
    if isinstance(part, np.ndarray):
        return packed(part)
    if isinstance(part, dict):
        return {key: _packed(value) for key, value in part.items()}
    return [_packed(value) for value in part] if isinstance(part, list | tuple) else part


def packed(values: np.ndarray) -> Record:
    """Return an array as 16-bit whole numbers in base64, its shape, and by what they are multiplied.

    No value is off by more than 1/65,534 of the largest.

    >>> packed(np.array([[0.5, -1.0]]))
    {'shape': [1, 2], 'unit': 3.051850947599719e-05, 'base64': 'AEABgA=='}
    """
    unit = float(np.abs(values).max(initial=0.0)) / _TOP or 1.0
    whole = np.rint(values / unit).astype("<i2")
    return {"shape": list(values.shape), "unit": unit, "base64": b64encode(whole.tobytes()).decode()}
