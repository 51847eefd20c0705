"""The user's cache folder, for what can be worked out again."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rnnlab import files, sealed
from rnnlab.errors import StorageError

MOST = 16
"""Keys of one name that are remembered, the latest."""


def folder() -> Path | None:
    """Return this package's part of the user's cache folder; None where the user has none."""
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rnnlab"
    except RuntimeError:  # a user without a home
        return None


def remembered(name: str, key: str, find: Callable[[], str]) -> str:
    """Return what `find` finds for a key, from the user's cache folder where that is known there.

    What cannot be read there is found anew, and what cannot be written is not remembered.
    """
    home = folder()
    known = _known(home / f"{name}.json") if home else {}
    if key not in known:
        known = {**dict(list(known.items())[1 - MOST :]), key: find()}
        if home:
            with suppress(OSError, StorageError):
                home.mkdir(mode=0o700, parents=True, exist_ok=True)
                files.write(home / f"{name}.json", json.dumps(sealed.seal(known)) + "\n")
    return known[key]


def _known(file: Path) -> dict[str, str]:
    try:
        return sealed.unseal(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
