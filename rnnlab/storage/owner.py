"""Who has the right to write into a folder, and what the kernel knows of it."""

import fcntl
import json
import os
import platform
import time
from pathlib import Path

from rnnlab.documents import Record


def me() -> bytes:
    """Return this process as an owner's file says it."""
    since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    return json.dumps({"host": platform.node(), "pid": os.getpid(), "since": since, "kernel": kernel()}).encode()


def read(content: bytes) -> Record:
    """Return the owner that a file says; empty where it says none that can be read.

    >>> read(me())["pid"] == os.getpid(), read(b"{")
    (True, {})
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) and document.keys() >= {"host", "pid", "since"} else {}


def kernel() -> str:
    """Return what processes share that see each other's kernel locks: one boot of a machine, containers on it included."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return platform.node()


def lock(file: int) -> bool | None:
    """Lock a file by the kernel; return whether that went well, None where the file system has no such locks."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True
