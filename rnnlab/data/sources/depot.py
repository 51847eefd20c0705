"""Where files that a user has are kept: `downloads/NAME` in the data folder."""

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from rnnlab import files
from rnnlab.data.cache import home
from rnnlab.data.sources.reading import unpacked
from rnnlab.errors import UserError

ARCHIVES = (".zip", ".tgz", ".tar", ".tar.gz", ".tar.xz", ".tar.bz2")


def depot(name: str) -> Path:
    """Return the folder of the files of a data set."""
    return home() / "downloads" / name.replace("/", "-").replace(":", "-")


def folder_of(name: str, folder: str | None, wanted: dict[str, str], url: str) -> dict[str, Path]:
    """Return where each wanted file lies, somewhere below a folder or in an archive; unpacked archives stay in the depot.

    Raises UserError that says which files, from where, to put where.
    """
    place = Path(folder) if folder else depot(name)
    if folder and not place.exists():
        raise UserError(f"there is no folder or archive {folder!r}; {name} needs {', '.join(wanted.values())} from {url}")
    for here in _places(place, name):
        found = {split: next(iter(sorted(here.rglob(file))), None) for split, file in wanted.items()}
        if all(found.values()):
            return {split: path for split, path in found.items() if path}
    files_ = ", ".join(wanted.values())
    raise UserError(
        f"{place} has no {files_}; get {url} and put it, or the files in it, into {depot(name)}, "
        f"or run: rnnlab data prepare {name} --from FOLDER"
    )


def _places(place: Path, name: str) -> Iterable[Path]:
    """The folder itself, then what is in its archives."""
    if place.is_dir():
        yield place
    archives = [place] if place.is_file() else [path for path in sorted(place.glob("*")) if path.name.endswith(ARCHIVES)]
    for archive in archives:
        to = files.make(depot(name)) / f"{archive.name}.unpacked"
        if not to.exists():
            partial = Path(tempfile.mkdtemp(dir=to.parent, suffix=files.PARTIAL, prefix="."))
            unpacked(archive, partial)
            partial.replace(to)
        yield to


def _matching(given: Path, file: str) -> list[Path]:
    """The first file of a name, or with `*` all files."""
    found = [path for path in sorted(given.rglob(file)) if path.is_file()]
    return found if file == "*" else found[:1]


def keep(name: str, given: Path, wanted: Iterable[str]) -> None:
    """Copy those of the given files that a data set needs into its depot; a single file or archive is copied as it is."""
    if not given.exists():
        raise UserError(f"there is no file or folder {str(given)!r}")
    sources = [given] if given.is_file() else [path for file in wanted for path in _matching(given, file)]
    sources += [] if given.is_file() or sources else [path for path in sorted(given.iterdir()) if path.name.endswith(ARCHIVES)]
    if not sources:
        raise UserError(f"{given} has none of the files of {name}: {', '.join(wanted)}")
    to = files.make(depot(name))
    for path in sources:
        if path.resolve() != (to / path.name).resolve():
            partial = to / f".{path.name}{files.PARTIAL}"
            with files.told(to / path.name):
                shutil.copyfile(path, partial)
                partial.replace(to / path.name)
