"""Files become rows, each with its place, so that every error can name file and line."""

import glob
import os
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from rnnlab.data.sources.encodings import decoded, opened
from rnnlab.data.tokenizer import Scale
from rnnlab.documents import Plain, Record
from rnnlab.errors import UserError

MAX_TIMES, MAX_FILES = 500, 1_000_000
"""How many times its own size an archive may unpack to, past one MiB, and to how many files: texts reach 5 to 20 times, what
is made to fill a disk 1,000 and more."""


class Row(NamedTuple):
    """One example, or one line of a text, as it was read."""

    input: Any
    """A text, or a list of tokens."""
    target: Any = None
    """A label, a number, or a list of labels; None in a text."""
    place: object = ""
    """Its file and line, or file and row, when written as text."""
    beside: Sequence[Plain] = ()
    """Numbers and categories beside a text, a column each."""


@dataclass(frozen=True)
class Reading:
    """The contents of a source: rows of each split, which can be read repeatedly."""

    splits: dict[str, Callable[[], Iterable[Row]]]
    about: Record = field(default_factory=dict)
    """Facts beyond the rows: licence, citation, version."""
    targets: Scale | None = None
    """The standardisation of the targets, where there is one."""


def files_matching(patterns: str | list[str]) -> list[Path]:
    """Return the files of globs, sorted; raise UserError where a glob has none or a file is empty."""
    paths: list[Path] = []
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        name = os.path.expanduser(pattern)
        here = [Path(name)] if os.path.exists(name) else sorted(map(Path, glob.glob(name, recursive=True)))
        if not here:
            hint = "; a fraction is written 0.2" if pattern.endswith("%") else ""
            raise UserError(f"there is no file {pattern!r} (looked for from {Path.cwd()}){hint}")
        paths += here
    for path in paths:
        if path.is_dir():
            raise UserError(f"{path} is a folder; {path!s}/* stands for all files in it")
        if not path.is_file():
            raise UserError(f"{path} is no file")
        if path.stat().st_size == 0:
            raise UserError(f"{path} is empty")
    return paths


def lines(path: Path, encoding: str | None = "utf-8") -> Iterator[tuple[int, str]]:
    """Yield the lines of a text file with their numbers from 1; raise UserError at what is not in the encoding.

    Without an `encoding` it is UTF-8, or UTF-16 where the file begins like it.
    """
    try:
        with opened(path, encoding) as file:
            yield from enumerate(file, 1)
    except (UnicodeError, EOFError, OSError):
        decoded(path, encoding)  # which says where
        raise


def unpacked(path: Path, to: Path) -> Path:
    """Return a folder with the files of an archive (tar in any compression, or zip); a folder is returned as it is.

    Raises UserError at a member that would be written outside, a link, more than `MAX_TIMES` the archive's size or
    `MAX_FILES` files, or no archive at all.
    """
    if path.is_dir():
        return path
    unpack = _unzip if zipfile.is_zipfile(path) else _untar
    unpack(path, to)
    return to


def _unzip(path: Path, to: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        _check_names(path, archive.namelist(), to)
        counted = _counter(path)
        for entry in archive.infolist():
            counted(entry.file_size)
        archive.extractall(to)


def _untar(path: Path, to: Path) -> None:
    try:
        counted = _counter(path)

        def checked(member: tarfile.TarInfo, to: str) -> tarfile.TarInfo:
            counted(member.size)
            return tarfile.data_filter(member, to)

        with tarfile.open(path) as tar:
            tar.extractall(to, filter=checked)
    except tarfile.FilterError as error:
        raise UserError(f"{path} is not unpacked: {error}") from None
    except (tarfile.TarError, OSError, EOFError) as error:
        raise UserError(f"{path} is neither a folder nor a complete tar or zip archive: {error}") from None


def _counter(path: Path) -> Callable[[int], None]:
    """A function that is called with the size of every member, and raises UserError at too many or too large ones."""
    most = MAX_TIMES * max(path.stat().st_size, 2**20)
    files, size = 0, 0

    def counted(more: int) -> None:
        nonlocal files, size
        files, size = files + 1, size + more
        if files > MAX_FILES or size > most:
            limit = f"{MAX_FILES:,} files, or than {most:,} bytes ({MAX_TIMES} times its size) in them"
            raise UserError(f"{path} is not unpacked: it has more than {limit}")

    return counted


def _check_names(path: Path, names: list[str], to: Path) -> None:
    for name in names:
        if not (to / name).resolve().is_relative_to(to.resolve()):
            raise UserError(f"{path} is not unpacked: {name!r} would be written outside {to}")
