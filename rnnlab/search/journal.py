"""The journal of a search: Optuna's, in which every line checks itself."""

import json
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from rnnlab import files
from rnnlab.documents import Record
from rnnlab.errors import UserError

CHECK = "check"


class Journal(JournalFileBackend):
    """A journal file whose lines have a CRC-32; raises UserError where one is not as it was written."""

    def __init__(self, path: Path):
        super().__init__(str(path), JournalFileOpenLock(str(path)))
        self.path = path

    def append_logs(self, logs: list[Record]) -> None:
        """Append lines, each with the checksum of the rest of it."""
        super().append_logs([{**log, CHECK: _check(log)} for log in logs])

    def read_logs(self, log_number_from: int) -> Iterator[Record]:
        """Yield the lines from one on."""
        try:
            for log in super().read_logs(log_number_from):
                yield _checked(log)
        except ValueError:
            raise UserError(f"{self.path} is damaged; rnnlab run goes on from the trials before the damage") from None


def mend(path: Path) -> bool:
    """Cut a journal before its first line that is torn or damaged; return whether there was one."""
    whole = path.read_bytes() if path.exists() else b""
    kept = b"".join(_sound(whole.splitlines(keepends=True)))
    if kept != whole:
        files.write(path, kept)
    return kept != whole


def _sound(lines: list[bytes]) -> Iterator[bytes]:
    for line in lines:
        try:
            _checked(json.loads(line))
        except (ValueError, RecursionError):
            return
        if not line.endswith(b"\n"):
            return
        yield line


def _checked(log: object) -> Record:
    """A line without its checksum; ValueError where that is wrong."""
    if not isinstance(log, dict) or log.pop(CHECK, None) != _check(log):
        raise ValueError
    return log


def _check(log: Record) -> int:
    return crc32(json.dumps(log, sort_keys=True).encode())
