"""Prepared data: a folder of plain arrays for everything that shapes them, made once, checked by hash, read without a copy.

The folder is `$RNNLAB_DATA/prepared/<name>-<key>`, or `data/prepared/...` below the working directory.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np

from rnnlab import files
from rnnlab.documents import Record
from rnnlab.errors import UserError

SCHEMA = 3
"""Rises when the same key begins to mean other arrays."""
ABOUT = "about.json"
FOLDER = "RNNLAB_DATA"
"""The variable of the environment that names the folder of all data."""


def home() -> Path:
    """Return the folder of all data of the project: `$RNNLAB_DATA`, else `data` below the working directory."""
    return Path(os.environ.get(FOLDER) or "data")


class Prepared:
    """A folder of arrays, memory-mapped, and what is known about them.

    Raises UserError where a file is missing or is not what was written.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.about = read_about(folder)
        _verify(folder, json.dumps(self.about["files"], sort_keys=True))

    def __getitem__(self, name: str) -> np.ndarray:
        return np.load(self.folder / f"{name}.npy", mmap_mode="r")

    def __contains__(self, name: str) -> bool:
        return f"{name}.npy" in self.about["files"]


def read_about(folder: Path) -> Record:
    """Return what is known about prepared data; raise UserError where that is not what was written."""
    try:
        about: Record = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        check = about.pop("check", None)  # older ones have none
        whole = "files" in about and check in (None, _check(about))
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        whole = False
    if not whole:
        raise UserError(f"{folder / ABOUT} is damaged; remove {folder} to prepare it again")
    return about


def _check(about: Record) -> str:
    return sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


@cache
def _verify(folder: Path, listed: str) -> None:
    """Read every array once in a process, and compare it with what was written."""
    for name, expected in json.loads(listed).items():
        path = folder / name
        digest = hash_of(path) if path.is_file() else "no file"
        if digest != expected["sha256"]:
            wanted = expected["sha256"][:12]
            raise UserError(
                f"{path} is damaged: its sha256 begins with {digest[:12]}, not {wanted}; remove {folder} to prepare it again"
            )


def hash_of(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def prepared(name: str, key: Record, make: Callable[[Path], Record]) -> Prepared:
    """Return the prepared data of a key; where there is none yet, `make(folder)` writes the arrays and returns what is known.

    Processes that ask at once make it once: the others wait for a lock. A kill leaves nothing that counts.
    """
    folder = place(name, key)
    if not (folder / ABOUT).exists():
        with _locked(folder):
            if not (folder / ABOUT).exists():
                _write(folder, {"schema": SCHEMA, "name": name, **key}, make)
    return Prepared(folder)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder; after an error neither the lock file stays nor folders that were made for it."""
    from filelock import FileLock

    lock = folder.with_name(f".{folder.name}.lock")
    missing = [path for path in lock.parents if not path.exists()]
    files.make(folder.parent)
    with FileLock(lock):
        try:
            yield
        except BaseException:
            lock.unlink(missing_ok=True)
            with suppress(OSError):  # what others have put there stays
                for path in missing:
                    path.rmdir()
            raise


def place(name: str, key: Record) -> Path:
    """Return the folder of the prepared data of a key, whether it is there or not."""
    whole = json.dumps({"schema": SCHEMA, "name": name, **key}, sort_keys=True)
    return home() / "prepared" / f"{name.replace('/', '-').replace(':', '-')}-{sha256(whole.encode()).hexdigest()[:16]}"


def _write(folder: Path, key: Record, make: Callable[[Path], Record]) -> None:
    partial = files.partial_of(folder)
    files.remove_partial(folder.parent, older=86400)
    with files.told(folder):
        partial.mkdir()
        try:
            known = make(partial)
            listed = {path.name: _sealed(path) for path in sorted(partial.glob("*.npy"))}
            document = json.loads(json.dumps({"key": key, **known, "files": listed}))
            files.write(partial / ABOUT, json.dumps({**document, "check": _check(document)}, ensure_ascii=False))
            if not (folder / ABOUT).exists():  # else a process that waited for a lock now removed was faster
                partial.replace(folder)
            files.sync(folder.parent)
        finally:
            if partial.exists():
                files.remove(partial)


def _sealed(path: Path) -> Record:
    """The file written to disk, and how it is recognised."""
    files.sync(path)
    return {"size": path.stat().st_size, "sha256": hash_of(path)}


class Appending:
    """An .npy file of one dimension that grows by pieces, so that no array is ever whole in memory.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.npy"
    >>> with Appending(path, np.int32) as file:
    ...     file.add(np.array([1, 2]))
    ...     file.add(np.array([3]))
    >>> np.load(path).tolist()
    [1, 2, 3]
    """

    def __init__(self, path: Path, dtype: type):
        self.file, self.dtype, self.count = path.open("wb"), np.dtype(dtype), 0

    def __enter__(self) -> "Appending":
        self._header()
        return self

    def __exit__(self, *_: object) -> None:
        self.file.seek(0)
        self._header()
        self.file.close()

    def _header(self) -> None:
        """NumPy leaves room in a header for a longer shape, so a header written again has the same length."""
        header = {"descr": np.lib.format.dtype_to_descr(self.dtype), "fortran_order": False, "shape": (self.count,)}
        np.lib.format.write_array_header_1_0(self.file, header)

    def add(self, piece: np.ndarray) -> None:
        """Append the numbers."""
        self.count += len(piece)
        self.file.write(np.ascontiguousarray(piece, self.dtype).data)
