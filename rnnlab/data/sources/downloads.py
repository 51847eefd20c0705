"""Where files that a user has are kept: `downloads/NAME` in the data folder."""

import shutil
import tempfile
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

from rnnlab import files
from rnnlab.data.prepared import home
from rnnlab.data.sources.reading import unpacked
from rnnlab.errors import UserError

SHOWN = 9
"""Most names that a message lists."""
ARCHIVES = (".zip", ".tgz", ".tar", ".tar.gz", ".tar.xz", ".tar.bz2")


def downloads_of(name: str) -> Path:
    """Return the folder of the files of a data set."""
    return home() / "downloads" / name.replace("/", "-").replace(":", "-")


def folder_of(name: str, folder: str | None, wanted: dict[str, str], url: str) -> dict[str, Path]:
    """Return the path of each wanted file, anywhere below a folder or in an archive; unpacked archives stay in its downloads.

    Raises UserError that says which files, from where, to put where.
    """
    place = Path(folder) if folder else downloads_of(name)
    if folder and not place.exists():
        raise UserError(f"there is no folder or archive {folder!r}; {name} needs {', '.join(wanted.values())} from {url}")
    for here in _places(place, name):
        paths = {split: next(iter(sorted(here.rglob(file))), None) for split, file in wanted.items()}
        if all(paths.values()):
            return {split: path for split, path in paths.items() if path}
    files_ = ", ".join(wanted.values())
    raise UserError(
        f"{place} has no {files_}; get {url} and put it, or the files in it, into {downloads_of(name)}, "
        f"or run: rnnlab data prepare {name} --from FOLDER"
    )


def _places(place: Path, name: str) -> Iterable[Path]:
    """The folder itself, then what is in its archives."""
    if place.is_dir():
        yield place
    from filelock import FileLock

    archives = [place] if place.is_file() else [path for path in sorted(place.glob("*")) if path.name.endswith(ARCHIVES)]
    for archive in archives:
        to = files.make(downloads_of(name)) / f"{archive.name}.unpacked"
        with FileLock(to.with_name(f".{to.name}.lock")):
            if not to.exists() or to.stat().st_mtime < archive.stat().st_mtime:
                _unpack(archive, to)
        yield to


def _unpack(archive: Path, to: Path) -> None:
    """Unpack an archive, completely or not at all, replacing the contents of an older one."""
    files.remove_partial(to.parent)
    partial = Path(tempfile.mkdtemp(dir=to.parent, suffix=files.PARTIAL, prefix="."))
    try:
        unpacked(archive, partial)
        files.remove(to)
        partial.replace(to)
        to.touch()
    finally:
        files.remove(partial)


def keep(name: str, given: Path, wanted: Iterable[str], unpack: bool = True) -> None:
    """Copy those of the given files that a data set needs into its downloads; a single file is copied as it is.

    Where there is none of them, all archives are taken if the data set looks into archives: `unpack`.
    """
    if not given.exists():
        raise UserError(f"there is no file or folder {str(given)!r}")
    patterns = list(wanted)
    inside = [path for path in sorted(given.rglob("*")) if path.is_file()] if given.is_dir() else [given]
    sources = [path for path in inside if given.is_file() or any(fnmatch(path.name, pattern) for pattern in patterns)]
    sources = sources or ([path for path in inside if path.name.endswith(ARCHIVES)] if unpack else [])
    if not sources:
        more = " ..." if len(patterns) > SHOWN else ""
        raise UserError(f"{given} has none of the files of {name}: {', '.join(patterns[:SHOWN])}{more}")
    to = files.make(downloads_of(name))
    for path in sources:
        if path.resolve() != (to / path.name).resolve():
            partial = files.partial_of(to / path.name)
            with files.told(to / path.name):
                shutil.copyfile(path, partial)
                partial.replace(to / path.name)
