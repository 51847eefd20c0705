"""One run is written by one process, on this machine or on any that shares the storage."""

import contextlib
import errno
import os
import secrets
import threading
import time
from pathlib import Path
from traceback import format_exc
from types import TracebackType
from typing import Self

from rnnlab import files
from rnnlab.documents import Record
from rnnlab.errors import StorageError, UserError
from rnnlab.storage import owner

BEAT = 10.0
"""Seconds between two renewals of an owner's lease."""
STALE = 120.0
"""Seconds without renewal after which the lease of an owner on another machine has expired."""

NO_LINKS = (errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOSYS)
"""The errors of a file system without hard links."""


class LostError(UserError):
    """A process did not renew its lease for so long that another one took its run over."""


class Lock:
    """A lease: the right to write into a folder, which ends with its process.

    The file `.lock-<n>` with the highest n says who has it, and taking the right is to make the next file, which only one
    process can. On the owner's own machine a lock of the kernel (flock) tells at once whether the owner lives. From another
    machine a renewal is a change of the file's time: the observer waits `stale` seconds by its own clock and compares the
    file's time with nothing but itself, so clocks may differ. An owner whose lease was taken to have expired by mistake
    learns it from `check`, which is to be called before a write.
    """

    def __init__(self, folder: Path, beat: float = BEAT, stale: float = STALE):
        self.folder, self.beat, self.stale = folder, beat, stale
        self.owner: Record = {}
        """Who had the right when it was last refused: host, pid and since, where they could be read."""
        self._seen: tuple[object, float] = (None, 0.0)
        self._file = -1

    def take(self) -> bool:
        """Take the right if nobody has it; return whether that went well.

        Raises StorageError where the folder cannot be written.
        """
        last = self._last()
        if last and not self._free(self._path(last)):
            return False
        try:
            mine = self._make(last + 1)
        except OSError as error:
            raise StorageError(f"{self.folder} cannot be written: {error.strerror}") from None
        if mine and self._last() > last + 1:  # it was taken and given back more than once meanwhile
            self._path(last + 1).unlink(missing_ok=True)
            self._close()
            return False
        return mine and self._begin(last + 1)

    def give_back(self) -> None:
        """Give the right back; the file stays, empty of an owner, so that numbers only rise."""
        self._ended.set()
        self._thread.join()
        with contextlib.suppress(OSError):
            os.pwrite(self._file, b"\n", 0)
            os.ftruncate(self._file, 1)
        self._close()

    def check(self) -> None:
        """Raise LostError where another process has taken the right over, or where this one no longer renews its lease."""
        if self._last() != self._mine:
            raise LostError(
                f"{self.folder} was taken over by another process, because this one had not renewed its lease for "
                f"{self.stale:g} s"
            )
        if self._ended_by:
            raise LostError(f"{self.folder} is given back: this process can no longer renew its lease\n{self._ended_by}")

    @property
    def held(self) -> bool:
        """Whether a process seems to have the right, or one on another machine whose lease has not expired yet."""
        last = self._last()
        try:
            return bool(last) and not self._free(self._path(last))
        except OSError:  # not to be opened by this user
            return False

    @property
    def told(self) -> str:
        """Who has the right, in words."""
        who = self.owner
        name = f"process {who['pid']} on {who['host']}, since {who['since']}" if who else "another process"
        return f"{name} (its lease expires {self.stale:g} s after the last renewal)"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.give_back()

    def _path(self, number: int) -> Path:
        return self.folder / f".lock-{number}"

    def _numbers(self) -> list[int]:
        ends = (path.name.removeprefix(".lock-") for path in self.folder.glob(".lock-*"))
        return [int(end) for end in ends if end.isdecimal()]

    def _last(self) -> int:
        return max(self._numbers(), default=0)

    def _free(self, path: Path) -> bool:
        """Whether no process has the right that the file stands for; a file that can't be read belongs to an unknown owner."""
        try:
            file = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return True
        try:
            content, changed = os.read(file, 4096), os.fstat(file).st_mtime_ns
            if content == b"\n":
                return True
            self.owner = owner.read(content)
            if self.owner.get("kernel") == owner.kernel() and (locked := owner.lock(file)) is not None:
                return locked
        finally:
            os.close(file)
        sign = (path.name, changed, content)
        if self._seen[0] != sign:
            self._seen = sign, time.monotonic()
        return time.monotonic() - self._seen[1] >= self.stale

    def _make(self, number: int) -> bool:
        """Make the file of a number with this process in it, locked by the kernel before others can see it."""
        partial = self.folder / f".lock.{secrets.token_hex(8)}{files.PARTIAL}"
        try:
            self._write(partial)
            with contextlib.suppress(FileNotFoundError):  # an owner sweeps half-written files away
                os.link(partial, self._path(number))
                return True
        except OSError as error:
            if error.errno in NO_LINKS:  # until the owner is in it, the file is one of an unknown owner
                self._close()
                return self._write(self._path(number))
            if error.errno != errno.EEXIST:
                raise
        finally:
            partial.unlink(missing_ok=True)
        self._close()
        return False

    def _write(self, path: Path) -> bool:
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            return False
        owner.lock(self._file)
        os.write(self._file, owner.me())
        return True

    def _begin(self, number: int) -> bool:
        self._mine = number
        for lower in self._numbers():
            if lower < number:
                self._path(lower).unlink(missing_ok=True)
        self._ended, self._ended_by = threading.Event(), ""
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()
        return True

    def _live(self) -> None:
        try:
            while not self._ended.wait(self.beat):
                with contextlib.suppress(OSError):  # a storage that is away for a while
                    os.utime(self._file)
        except BaseException:
            self._ended_by = format_exc()

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file = -1
