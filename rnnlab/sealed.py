"""The log of a run: one line an event, each checking itself, only ever appended to."""

import json
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from zlib import crc32

from rnnlab import files
from rnnlab.documents import Fields, Plain, Record


def seal(document: Fields) -> Record:
    """Return a document with `check`, the CRC-32 of the rest; a value that is not a finite number becomes null.

    >>> seal({"event": "epoch", "epoch": 1})
    {'event': 'epoch', 'epoch': 1, 'check': 819273339}
    """
    finite = {key: _finite(value) for key, value in document.items()}
    return {**finite, "check": _check(finite)}


def unseal(text: str) -> Record:
    """Return the sealed document in a text without its check; raise ValueError where it is damaged or something else.

    >>> unseal('{"event": "epoch", "epoch": 2, "check": 819273339}')
    Traceback (most recent call last):
    ValueError: the checksum is wrong
    """
    try:
        document = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if not isinstance(document, dict) or "check" not in document:
        raise ValueError("there is no checksum")
    check = document.pop("check")
    if _check(document) != check:
        raise ValueError("the checksum is wrong")
    return document


def write(path: Path, events: Iterable[Fields]) -> None:
    """Replace the events that are there."""
    files.write(path, "".join(json.dumps(seal(event)) + "\n" for event in events))


def append(path: Path, event: Fields) -> None:
    """Append an event and have it on the disk before returning."""
    files.append(path, (json.dumps(seal(event)) + "\n").encode())


def read(path: Path) -> list[Record]:
    """Return the events up to the first line that is torn or damaged; none where there is no readable file."""
    events: list[Record] = []
    with suppress(OSError, ValueError):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            events.append(unseal(line))
    return events


def _check(finite: Fields) -> int:
    return crc32(json.dumps(finite, sort_keys=True, allow_nan=False).encode())


def _finite(value: Plain) -> Plain:
    match value:
        case Mapping():
            return {key: _finite(part) for key, part in value.items()}
        case float() if not math.isfinite(value):
            return None
    return value
