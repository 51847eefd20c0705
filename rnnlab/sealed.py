"""The log of a run: one line an event, each checking itself, only ever appended to."""

import json
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from zlib import crc32

from rnnlab import files


def seal(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with `check`, the CRC-32 of the rest; a value that is no finite number becomes null.

    >>> seal({"event": "epoch", "epoch": 1})
    {'event': 'epoch', 'epoch': 1, 'check': 819273339}
    """
    finite = _finite(document)
    return {**finite, "check": _check(finite)}


def unseal(text: str) -> dict[str, Any]:
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


def write(path: Path, events: Iterable[Mapping[str, Any]]) -> None:
    """Write events in place of what is there."""
    files.write(path, "".join(json.dumps(seal(event)) + "\n" for event in events))


def append(path: Path, event: Mapping[str, Any]) -> None:
    """Append an event and have it on the disk before returning."""
    files.append(path, (json.dumps(seal(event)) + "\n").encode())


def read(path: Path) -> list[dict[str, Any]]:
    """Return the events up to the first line that is torn or damaged; none where there is no readable file."""
    events: list[dict[str, Any]] = []
    with suppress(OSError, ValueError):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            events.append(unseal(line))
    return events


def _check(finite: Mapping[str, Any]) -> int:
    return crc32(json.dumps(finite, sort_keys=True, allow_nan=False).encode())


def _finite(value: Any) -> Any:
    match value:
        case Mapping():
            return {key: _finite(part) for key, part in value.items()}
        case float() if not math.isfinite(value):
            return None
    return value
