"""Archives are unpacked once, with checks, also by several processes; only what is wanted is kept."""

import io
import multiprocessing
import tarfile
import zipfile
from pathlib import Path

import pytest

from rnnlab.data.sources import reading
from rnnlab.data.sources.downloads import downloads_of, folder_of, keep
from rnnlab.data.sources.reading import unpacked
from rnnlab.errors import UserError

WANTED = {"train": "a.txt", "test": "b.txt"}


def member(name, kind=tarfile.REGTYPE, link="", size=1):
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, link
    entry.size = size if kind == tarfile.REGTYPE else 0
    return entry


def packed(path, *members):
    with tarfile.open(path, "w:gz") as tar:
        for one in members:
            tar.addfile(one, io.BytesIO(b"x" * one.size))
    return path


EVIL = [
    [member("../evil.txt")],
    [member("link", tarfile.SYMTYPE, "/"), member("link/evil.txt")],
    [member("link", tarfile.SYMTYPE, "../../elsewhere")],
    [member("link", tarfile.LNKTYPE, "../evil.txt")],
    [member("device", tarfile.CHRTYPE)],
]


@pytest.mark.parametrize("members", EVIL)
def test_a_tar_writes_nothing_outside(tmp_path, members):
    path = packed(tmp_path / "a.tar.gz", *members)
    (tmp_path / "to").mkdir()
    with pytest.raises(UserError, match="is not unpacked"):
        unpacked(path, tmp_path / "to")
    assert not (tmp_path / "evil.txt").exists()


@pytest.mark.parametrize("name", ["../evil.txt", "/evil.txt", "a/../../evil.txt"])
def test_a_zip_writes_nothing_outside(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(name, "x")
    (tmp_path / "to").mkdir()
    with pytest.raises(UserError, match="is not unpacked"):
        unpacked(tmp_path / "a.zip", tmp_path / "to")
    assert not (tmp_path / "evil.txt").exists()


def zipped(path, *members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in members:
            archive.writestr(one.name, b"x" * one.size)
    return path


@pytest.mark.parametrize("pack", [zipped, packed])
def test_an_archive_made_to_fill_the_disk_is_not_unpacked(tmp_path, monkeypatch, pack):
    path = pack(tmp_path / "a.archive", member("a"), member("large", size=3 * 2**20))
    for times, count in ((3, 9), (4, 1)):
        monkeypatch.setattr(reading, "MAX_TIMES", times)
        monkeypatch.setattr(reading, "MAX_FILES", count)
        with pytest.raises(UserError, match="is not unpacked: it has more than"):
            unpacked(path, tmp_path / "to")
        assert not (tmp_path / "to" / "large").exists()
    monkeypatch.setattr(reading, "MAX_FILES", 2)
    assert (unpacked(path, tmp_path / "to") / "large").stat().st_size == 3 * 2**20


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut"])
def test_what_is_no_archive_is_told_and_leaves_nothing(home, content):
    (home / "a.tar.gz").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.tar\.gz is neither a folder nor a complete tar or zip archive"):
        folder_of("some", "a.tar.gz", WANTED, "http://x")
    assert not [path for path in downloads_of("some").iterdir() if not path.name.endswith(".lock")]


def _find(_):
    return sorted(path.read_text() for path in folder_of("some", "a.tar.gz", WANTED, "http://x").values())


def test_processes_at_once_unpack_once(home):
    packed(home / "a.tar.gz", member("in/a.txt"), member("in/b.txt"), *(member(f"in/{number}") for number in range(300)))
    with multiprocessing.get_context("fork").Pool(4) as pool:
        assert pool.map(_find, range(4), chunksize=1) == [["x", "x"]] * 4
    assert len(list(downloads_of("some").glob("*.unpacked"))) == 1


def test_only_what_is_wanted_is_kept(home):
    for name in ("a.txt", "notes.txt", "deep/b.txt"):
        path = Path("given") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    keep("some", Path("given"), WANTED.values())
    assert sorted(path.name for path in downloads_of("some").iterdir()) == ["a.txt", "b.txt"]
    for given, message in (("nowhere", "there is no file or folder"), ("data", "data has none of the files of some: c.txt")):
        with pytest.raises(UserError, match=message):
            keep("some", Path(given), ["c.txt"])
