"""A file of arrays and plain values with a checksum; nothing in it is ever executed."""

import json
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from rnnlab import files

Stored: TypeAlias = Any
"""Arrays and plain values in lists and mappings."""
MAGIC = b"rnnlab snapshot 1\n"
ARRAY = "$array"


def write(path: Path, tree: Stored, keep: Path | None = None) -> None:
    """Write nested dicts and lists of arrays, numbers, texts and None, atomically: magic, header, arrays, SHA-256.

    An earlier file is kept as `keep`, where that is given.
    """
    arrays: list[np.ndarray] = []
    plain = _without_arrays(tree, arrays)
    header = json.dumps({"tree": plain, "arrays": [[array.dtype.str, array.shape] for array in arrays]}).encode()
    body = b"".join([MAGIC, len(header).to_bytes(8, "little"), header, *(array.tobytes() for array in arrays)])
    files.write(path, body + sha256(body).digest(), keep)


def read(path: Path) -> Stored:
    """Return the written tree, tuples as lists; raise ValueError where the file is damaged or of another kind."""
    with path.open("rb") as file:  # another file may be large
        content = MAGIC + file.read() if file.read(len(MAGIC)) == MAGIC else b""
    body, digest = content[:-32], content[-32:]
    try:
        if body and sha256(body).digest() == digest:
            return _parsed(body)
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError):  # a checksum proves no format
        pass
    raise ValueError(f"{path} is damaged or not a snapshot")


def outline(path: Path) -> Stored:
    """Return the written tree without its arrays, quickly: neither their bytes nor the checksum are read.

    Raises OSError where there is no file, ValueError where it is of another kind.
    """
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise ValueError(f"{path} is damaged or not a snapshot")
        length = int.from_bytes(file.read(8), "little")
        try:
            return json.loads(file.read(min(length, path.stat().st_size)))["tree"]
        except (ValueError, LookupError, TypeError, RecursionError):
            raise ValueError(f"{path} is damaged or not a snapshot") from None


def _parsed(body: bytes) -> Stored:
    start = len(MAGIC) + 8
    end = start + int.from_bytes(body[start - 8 : start], "little")
    header = json.loads(body[start:end])
    arrays = []
    for dtype, shape in header["arrays"]:
        arrays.append(np.frombuffer(body, dtype, prod(shape), end).reshape(shape).copy())
        end += arrays[-1].nbytes
    return _with_arrays(header["tree"], arrays)


def plain(value: Stored) -> bool:
    """Return whether a value can be written.

    >>> plain({"wait": 0, "best_weights": [np.zeros(2)]}), plain(print)
    (True, False)
    """
    match value:
        case dict():
            return all(isinstance(key, str) and plain(part) for key, part in value.items())
        case list() | tuple():
            return all(map(plain, value))
        case np.ndarray() | np.generic():
            return not value.dtype.hasobject
    return value is None or isinstance(value, bool | int | float | str)


def _without_arrays(value: Stored, arrays: list[np.ndarray]) -> Stored:
    match value:
        case dict():
            return {key: _without_arrays(part, arrays) for key, part in value.items()}
        case list() | tuple():
            return [_without_arrays(part, arrays) for part in value]
        case np.ndarray() | np.generic():
            arrays.append(np.asarray(value))
            return {ARRAY: len(arrays) - 1}
    return value


def _with_arrays(value: Stored, arrays: list[np.ndarray]) -> Stored:
    match value:
        case dict() if list(value) == [ARRAY]:
            return arrays[value[ARRAY]]
        case dict():
            return {key: _with_arrays(part, arrays) for key, part in value.items()}
        case list():
            return [_with_arrays(part, arrays) for part in value]
    return value
