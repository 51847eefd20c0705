"""The builders of TensorFlow Datasets, run over the network or over files that a user has, never waiting for a dead one."""

import hashlib
import io
import shutil
import socket
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from rnnlab import files
from rnnlab.data.cache import home
from rnnlab.data.sources.depot import depot
from rnnlab.errors import UserError

PATIENCE = 3.0
"""Seconds to wait for a server before saying which file to fetch by other means."""
REPACKED = {"aclImdb_v1.tar.gz": ("aclImdb*.tar.*", "aclImdb/train/unsup/0_0.txt")}
"""Archives that may come in another compression, and a file that the builder wants and a copy may lack."""


def builder(name: str) -> Any:
    """Return the builder of a data set, its data prepared; raise UserError where its files are not to be had."""
    import tensorflow_datasets as tfds
    from filelock import FileLock

    tfds.disable_progress_bar()
    folder = files.make(home().absolute() / "tfds")
    try:
        made = tfds.builder(name, data_dir=str(folder), file_format="array_record")
    except tfds.core.DatasetNotFoundError:
        raise UserError(f"TensorFlow Datasets has no data set {name!r}") from None
    with FileLock(folder / ".lock"), _files_first(name, made):  # of two builders at once one would fail
        try:
            made.download_and_prepare()
        except ModuleNotFoundError as error:
            raise UserError(f"tfds/{name} needs a package that is not there: pip install {error.name}") from None
        except tfds.core.download.download_manager.NonMatchingChecksumError as error:
            given = ", ".join(path.name for path in sorted(depot(f"tfds/{name}").glob("*")))
            raise UserError(f"{given} is another file than the builder expects: {str(error).splitlines()[0]}") from None
    return made


@contextmanager
def _files_first(name: str, made: Any) -> Iterator[None]:
    """Hand files of the depot to the builder as if it had downloaded them, so that it checks them as it would those."""
    from tensorflow_datasets.core.download import downloader

    kind = downloader._Downloader
    original = kind._sync_download

    def fetch(self: Any, url: str, destination_path: Any, verify: bool = True) -> Any:
        known = made.url_infos.get(url)
        file = (known and known.filename) or Path(urlsplit(url).path).name
        place = depot(f"tfds/{name}")
        given = place / file
        self._pbar_url.update(1)
        if given.is_file():
            return _handed(downloader, given, destination_path, None)
        if packed := _other_packing(place, file):
            return _handed(downloader, packed, destination_path, known)
        if not _reachable(url):
            raise UserError(
                f"tfds/{name} needs {file} from {url}, which cannot be reached; put it into {place}, "
                f"or run: rnnlab data prepare tfds/{name} --from FOLDER"
            )
        return original(self, url, destination_path, verify)

    kind._sync_download = fetch
    try:
        yield
    finally:
        kind._sync_download = original


def _handed(downloader: Any, given: Path, destination: Any, info: Any) -> Any:
    """The file as a finished download; without `info` its checksum is taken, and the builder compares it with its own."""
    from tensorflow_datasets.core.download import checksums

    path = Path(destination) / given.name
    shutil.copyfile(given, path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    found = info or checksums.UrlInfo(size=path.stat().st_size, checksum=digest, filename=given.name)
    return downloader.DownloadResult(path=type(destination)(path), url_info=found)


def _other_packing(place: Path, file: str) -> Path | None:
    """The archive packed again as the builder wants it, where the depot has it in another compression."""
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
