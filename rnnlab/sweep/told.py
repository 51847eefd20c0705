"""What the trackers of an experiment have been told, kept in its folder, so that nothing is told twice."""

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from rnnlab import files
from rnnlab.config import RunSpec
from rnnlab.training.epoch_record import EpochRecord

FILE = "trackers.json"


@dataclass(frozen=True)
class Told:
    """What one tracker has been told of a run."""

    fingerprint: str
    known: str
    """What the tracker knows the run by."""
    epochs: int = 0
    digest: str = ""
    """Of the epochs that were told."""
    ended: bool = False

    def goes_on(self, fingerprint: str, epochs: list[EpochRecord]) -> bool:
        """Return whether these epochs are of the run that was told, which has not ended."""
        return not self.ended and self.fingerprint == fingerprint and self.digest == digest(epochs[: self.epochs])


def digest(epochs: list[EpochRecord]) -> str:
    """Return what epochs are known by; none by nothing."""
    return sha256(json.dumps([epoch.document() for epoch in epochs]).encode()).hexdigest()[:16] if epochs else ""


class Memory:
    """By tracker and run what was told; the file is read again before it is written, for another process may have."""

    def __init__(self, folder: Path):
        self._file = folder / FILE

    def of(self, tracker: str, spec: RunSpec) -> Told | None:
        """Return what a tracker has been told of a run."""
        kept: Any = self._read().get(tracker, {}).get(_place(spec))
        try:
            return Told(**kept)
        except TypeError:
            return None

    def keep(self, tracker: str, spec: RunSpec, told: Told) -> None:
        """Write what a tracker has been told."""
        document = self._read()
        document.setdefault(tracker, {})[_place(spec)] = asdict(told)
        files.write(self._file, json.dumps(document, indent=1, sort_keys=True))

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            return dict(json.loads(self._file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return {}


def _place(spec: RunSpec) -> str:
    return f"{spec.variant}/seed-{spec.seed}"
