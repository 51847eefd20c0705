"""Files that are there whole or not at all."""

import os
from pathlib import Path

from rnnlab.errors import UserError

PARTIAL = ".partial"
"""The ending of a file that is still being written; one left behind by a kill is of no use."""


def write(path: Path, content: str | bytes) -> None:
    """Write a file atomically: under another name, to the disk, renamed, and the folder to the disk too.

    Raises UserError where the folder cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}{PARTIAL}")
    try:
        with partial.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from None


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make(folder: Path) -> Path:
    """Return the folder, made and found writable; raise UserError where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be made: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(f"{folder} cannot be written: no permission")
    return folder
