"""A folder of links by which TensorBoard shows readable names: `none/seed 1`, and before all seeds `(mean) none`."""

import re
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from rnnlab.storage import store

MEAN, ANSWER = "(mean) {}", "(answer)"
"""A bracket sorts before every letter."""
EVENTS = "events.out.tfevents.*"
MOST_TICKED = 40
"""TensorBoard's older tabs begin with no run ticked where more match."""


def follow(folder: Path, view: Path, every: float = 5.0) -> None:
    """Link every run in `folder` into `view`, now and, in a separate thread, those that come later.

    An error in the thread is said once on standard error, and the runs are searched again.
    """
    link(folder, view)

    def go_on() -> None:
        told = ""
        while True:
            time.sleep(every)
            try:
                link(folder, view)
            except Exception as error:
                if told != (told := f"{type(error).__name__}: {error}"):
                    print(
                        f"new runs may be missing in TensorBoard, {folder} is searched again: {told}",
                        file=sys.stderr,
                        flush=True,
                    )

    threading.Thread(target=go_on, daemon=True).start()


def link(folder: Path, view: Path) -> None:
    """Link every folder with event files that has no link yet into `view`, and remove links to folders that are gone."""
    for name, place in runs(folder):
        path = view / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_symlink():
            path.symlink_to(place, target_is_directory=True)
    for path in view.rglob("*"):
        if path.is_symlink() and not path.exists():
            path.unlink()


def runs(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the readable name of every folder of event files, and the folder."""
    for place in sorted({file.parent for file in folder.rglob(EVENTS)}):
        yield readable(place.relative_to(folder).parts) or folder.name, place


def readable(parts: tuple[str, ...]) -> str:
    """Return the name of a folder of event files by its path below the one that is served.

    >>> readable(("none", "seed-1", "tensorboard")), readable(("quickstart", "none", "mean")), readable(("tensorboard",))
    ('none/seed 1', 'quickstart/(mean) none', '(answer)')
    """
    match parts:
        case (*before, seed, store.TENSORBOARD) if re.fullmatch(r"seed-\d+", seed):
            return "/".join((*before, seed.replace("-", " ")))
        case (*before, variant, "mean"):
            return "/".join((*before, MEAN.format(variant)))
        case (*before, store.TENSORBOARD):
            return "/".join((*before, ANSWER))
    return "/".join(parts)
