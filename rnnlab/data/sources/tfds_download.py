"""The builders of TensorFlow Datasets, run with downloads or with a user's own files, never waiting for a dead server."""

import hashlib
import io
import shutil
import socket
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from rnnlab import compat, files
from rnnlab.data.prepared import home
from rnnlab.data.sources.downloads import downloads_of
from rnnlab.errors import UserError
from rnnlab.replaced import replaced

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

PATIENCE = 3.0
"""Seconds to wait for a server before saying which file to fetch by other means."""
REPACKED = {"aclImdb_v1.tar.gz": ("aclImdb*.tar.*", "aclImdb/train/unsup/0_0.txt")}
"""Archives that may come in another compression, and a file that the builder wants and a copy may lack."""


class _UnreachableError(Exception):
    """A file is not among the downloads, and its server does not answer."""


def builder(name: str) -> "tfds.core.DatasetBuilder":
    """Return the builder of a data set, its data prepared; raise UserError where its files are not available."""
    import tensorflow_datasets as tfds
    from filelock import FileLock

    tfds.disable_progress_bar()
    made = _made(name)
    with FileLock(home() / "tfds" / ".lock"), _files_first(name, made) as asked:  # of two at once one would fail
        try:
            made.download_and_prepare()
        except _UnreachableError:
            raise UserError(_wanted(name, made, asked)) from None
        except ModuleNotFoundError as error:
            raise UserError(f"tfds/{name} needs a package that is not there: pip install {error.name}") from None
        except compat.wrong_checksum() as error:
            given = ", ".join(path.name for path in sorted(downloads_of(f"tfds/{name}").glob("*")))
            raise UserError(f"{given} is another file than the builder expects: {str(error).splitlines()[0]}") from None
    return made


def _made(name: str) -> "tfds.core.DatasetBuilder":
    import tensorflow_datasets as tfds

    folder = files.make(home().absolute() / "tfds")
    try:
        return tfds.builder(name, data_dir=str(folder), file_format="array_record")
    except (tfds.core.DatasetNotFoundError, ValueError) as error:
        raise UserError(f"TensorFlow Datasets has no data set {name!r}: {str(error).splitlines()[0]}") from None


def names(name: str) -> set[str]:
    """Return the possible names of a data set's files, patterns of other packings included."""
    made = _made(name)
    files = {_file(made, url) for url in made.url_infos}
    return files | {pattern for file, (pattern, _) in REPACKED.items() if file in files}


def _file(made: "tfds.core.DatasetBuilder", url: str) -> str:
    """The name of the file behind an address."""
    known = made.url_infos.get(url)
    return str((known and known.filename) or Path(urlsplit(url).path).name)


def _wanted(name: str, made: "tfds.core.DatasetBuilder", asked: list[str]) -> str:
    """The message with the missing files, their addresses, and the folder to put them into."""
    place = downloads_of(f"tfds/{name}")
    missing = [f"{_file(made, url)} from {url}" for url in asked if not (place / _file(made, url)).is_file()]
    return (
        f"tfds/{name} cannot reach what it needs: {', '.join(missing)}; put it into {place}, "
        f"or run: rnnlab data prepare tfds/{name} --from FOLDER"
    )


@contextmanager
def _files_first(name: str, made: "tfds.core.DatasetBuilder") -> Iterator[list[str]]:
    """Give files among the downloads to the builder as if it had downloaded them, so that it checks them in the same way.

    Yields a list to which the address of every file that the builder asks for is added.
    """
    downloader = compat.downloader()
    kind = downloader._Downloader
    original, ask = kind._sync_download, kind.download
    asked: list[str] = []

    def asking(self: Any, url: str, *rest: object, **options: object) -> Any:
        asked.append(url)
        return ask(self, url, *rest, **options)

    def fetch(self: Any, url: str, destination_path: PathLike, verify: bool = True) -> Any:
        file, place = _file(made, url), downloads_of(f"tfds/{name}")
        self._pbar_url.update(1)
        if (place / file).is_file():
            return _handed(downloader, place / file, destination_path, None)
        if packed := _other_packing(place, file):
            return _handed(downloader, packed, destination_path, made.url_infos.get(url))
        if not _reachable(url):
            raise _UnreachableError(url)
        return original(self, url, destination_path, verify)

    with replaced(kind, _sync_download=fetch, download=asking):
        yield asked


def _handed(downloader: ModuleType, given: Path, destination: Any, info: object) -> Any:
    """The file as a finished download; without `info` its checksum is taken, and the builder compares it with its own."""
    path = Path(destination) / given.name
    shutil.copyfile(given, path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    known = info or compat.url_info()(size=path.stat().st_size, checksum=digest, filename=given.name)
    return downloader.DownloadResult(path=type(destination)(path), url_info=known)


def _other_packing(place: Path, file: str) -> Path | None:
    """The archive packed again as the builder wants it, where the downloads have it in another compression."""
    pattern, wanted = REPACKED.get(file, ("", ""))
    others = sorted(place.glob(pattern)) if pattern else []
    if not others:
        return None
    target = files.make(place / "repacked") / file
    with tarfile.open(others[0]) as source, tarfile.open(target, "w:gz", compresslevel=1) as copy:
        names = set()
        for member in source:
            names.add(member.name)
            copy.addfile(member, source.extractfile(member) if member.isfile() else None)
        if wanted not in names:
            copy.addfile(tarfile.TarInfo(wanted), io.BytesIO())
    return target


def _reachable(url: str) -> bool:
    parts = urlsplit(url)
    if getproxies():  # they are asked, not the server
        return True
    try:
        port = parts.port or (80 if parts.scheme == "http" else 443)
        socket.create_connection((parts.hostname or "", port), timeout=PATIENCE).close()
    except OSError:
        return False
    return True
