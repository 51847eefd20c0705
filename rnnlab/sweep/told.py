"""What has been sent to the trackers of an experiment, kept in its folder, so that nothing is sent twice."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from rnnlab import files
from rnnlab.config import RunSpec
from rnnlab.documents import Record
from rnnlab.training.epoch_record import EpochRecord

FILE = "trackers.json"


@dataclass(frozen=True)
class Told:
    """What one tracker has received of a run."""

    fingerprint: str
    known: str
    """The tracker's own name of the run."""
    epochs: int = 0
    digest: str = ""
    """Of the metrics of the epochs that were sent."""
    status: str = ""
    """How the run has ended, where that was sent."""

    def goes_on(self, fingerprint: str, epochs: list[EpochRecord]) -> bool:
        """Return whether these epochs continue those that were sent, and the end of the run was not sent."""
        return not self.status and self.fingerprint == fingerprint and self.digest == digest(epochs[: self.epochs])

    def awaits(self, fingerprint: str, epochs: list[EpochRecord]) -> bool:
        """Return whether more epochs were sent than these: the run was killed, and trains the others again."""
        return not self.status and self.fingerprint == fingerprint and len(epochs) < self.epochs

    def ended(self, fingerprint: str, epochs: list[EpochRecord]) -> bool:
        """Return whether the end of the run was sent, and exactly these epochs before it."""
        return bool(self.status) and (self.fingerprint, self.digest) == (fingerprint, digest(epochs))


def digest(epochs: list[EpochRecord]) -> str:
    """Return a hash of the metrics of epochs, empty for none; an epoch that is trained again has the same."""
    metrics = [[epoch.epoch, dict(epoch.train), dict(epoch.validation)] for epoch in epochs]
    return sha256(json.dumps(metrics).encode()).hexdigest()[:16] if epochs else ""


class Memory:
    """What was sent, by tracker and run, in a file that several processes may share."""

    def __init__(self, folder: Path):
        self._file = folder / FILE

    def of(self, tracker: str, spec: RunSpec) -> Told | None:
        """Return what a tracker has received of a run."""
        kept: Any = self._read().get(tracker, {}).get(_place(spec))
        try:
            return Told(**kept)
        except TypeError:
            return None

    def keep(self, tracker: str, spec: RunSpec, told: Told) -> None:
        """Write what a tracker has received."""
        with _alone(self._file.parent):
            document = self._read()
            document.setdefault(tracker, {})[_place(spec)] = asdict(told)
            files.write(self._file, json.dumps(document, indent=1, sort_keys=True))

    def _read(self) -> dict[str, Record]:
        try:
            return dict(json.loads(self._file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return {}


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes from writing what they have read before; a file system without such locks does not."""
    file = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def _place(spec: RunSpec) -> str:
    return f"{spec.variant}/seed-{spec.seed}"
