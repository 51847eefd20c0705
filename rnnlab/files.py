"""Files that are there whole or not at all."""

import errno
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rnnlab.errors import StorageError, UserError

PARTIAL = ".partial"
"""The ending of a file that is still being written; one left behind by a kill is of no use."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""The errors of a full or broken disk, in any operation."""


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Say in one line which file cannot be written and why: an OSError inside becomes a StorageError."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}") from None


def refuse_links(folder: Path, *places: Path) -> None:
    """Raise UserError where one of the places is a symbolic link that leads out of the folder; to be called before writing."""
    for place in places:
        if place.is_symlink() and not place.resolve().is_relative_to(folder.resolve()):
            raise UserError(f"{place} leads out of {folder}: it is a symbolic link")


def partial_of(path: Path) -> Path:
    """Return a name beside `path`, used by nobody else, under which it is written until it is whole."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}{PARTIAL}")


def write(path: Path, content: str | bytes, keep: Path | None = None) -> None:
    """Write a file atomically: under another name, to the disk, renamed, and the folder to the disk too.

    What was there before is kept as `keep`, where that is given; at every moment one of the two is whole. Raises StorageError
    where the folder cannot be written; it is then as it was.
    """
    partial = partial_of(path)
    with told(path):
        try:
            with partial.open("xb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
            if keep and path.exists():
                path.replace(keep)
            partial.replace(path)
            sync(path.parent)
        finally:
            partial.unlink(missing_ok=True)


def append(path: Path, content: bytes) -> None:
    """Append to a file and have it on the disk before returning; no symbolic link is followed.

    Raises StorageError where that cannot be done; the file is then as it was.
    """
    with told(path), open(path, "ab", opener=_no_link) as file:
        before = os.fstat(file.fileno()).st_size
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            os.ftruncate(file.fileno(), before)
            raise


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)


def sync(path: Path) -> None:
    """Bring a file, or the entries of a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make(folder: Path) -> Path:
    """Return the folder, made and found writable; raise UserError where it cannot be, StorageError where the disk is full."""
    try:
        missing = [path for path in (folder, *folder.parents) if not path.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for path in missing:
            sync(path.parent)
    except OSError as error:
        raise (StorageError if error.errno in FULL else UserError)(f"{folder} cannot be made: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(f"{folder} cannot be written: no permission")
    return folder


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def refuse_unwritable(folder: Path) -> None:
    """Raise UserError where a folder could not be made or written; nothing is made."""
    there = next(path for path in (folder, *folder.absolute().parents) if os.path.lexists(path))
    if not there.is_dir():
        raise UserError(f"{folder} cannot be made: Not a directory")
    if os.statvfs(there).f_flag & os.ST_RDONLY:
        raise UserError(f"{folder} cannot be made: Read-only file system")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UserError(f"{folder} cannot be written: no permission")


def remove(path: Path) -> None:
    """Remove a file, a link or a folder, if it is there; raise StorageError where it stays."""
    with told(path):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def remove_partial(folder: Path, older: float = 0.0) -> None:
    """Remove half-written files that a kill left in a folder, if they are older than this many seconds."""
    for path in folder.glob(f".*{PARTIAL}"):
        with suppress(FileNotFoundError):
            if not older or time.time() - path.stat().st_mtime > older:
                remove(path)
