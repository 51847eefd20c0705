"""Runs that make room for others are moved aside, never deleted: `<experiment>/_replaced/<time>` is an experiment again."""

import shutil
import time
from itertools import chain, count
from pathlib import Path

from rnnlab import files
from rnnlab.storage import store

ASIDE = "_replaced"
"""No variant can be called so."""
REASONS = "reasons.txt"


def now() -> str:
    """Return the time as it names a folder of runs moved aside."""
    return time.strftime("%Y-%m-%d-%H%M%S")


def place(experiment: Path, began: str = "") -> Path:
    """Return the folder into which a command that `began` then, or now, moves runs of an experiment; it need not be there."""
    return experiment / ASIDE / (began or now())


def move(run: Path, place: Path, reason: str, names: tuple[str, ...] = store.OWN) -> Path:
    """Move what a run has written, or only the files of these names, below `place`, and note why; return its new place.

    The caller has the right to write into the run's folder. The result goes first, so that a kill leaves no finished run
    behind. Raises UserError, with nothing moved, where a symbolic link leads out of the experiment.
    """
    experiment = place.parents[1]
    store.inside(experiment, run)
    to = _free(place / run.relative_to(experiment))
    files.refuse_links(experiment, place.parent, place, to.parent)
    with files.told(to):
        to.mkdir(parents=True)
        for name in names:
            if (run / name).exists():
                shutil.move(run / name, to / name)
        with (place / REASONS).open("a", encoding="utf-8") as file:
            file.write(f"{to.relative_to(place)}: {reason}\n")
        if not (place / store.EXPERIMENT).exists() and (experiment / store.EXPERIMENT).exists():
            shutil.copy2(experiment / store.EXPERIMENT, place)
    return to


def _free(to: Path) -> Path:
    """The folder itself, or one with a number behind its name where it is there already."""
    others = (to.with_name(f"{to.name}.{number}") for number in count(2))
    return next(path for path in chain([to], others) if not path.exists())


def move_summaries(experiment: Path, place: Path) -> None:
    """Let what sums the runs of an experiment up, its comparison, report and curves, follow them; a copy where runs remain."""
    remain = any((run / store.RESULT).exists() for run in store.run_folders(experiment))
    for path in sorted(experiment.iterdir()):
        if path.is_file() and not path.name.startswith(".") and path.name != store.EXPERIMENT:
            with files.told(place):
                (shutil.copy2 if remain else shutil.move)(path, place / path.name)
    if not remain and (experiment / store.TENSORBOARD).is_dir():
        shutil.move(experiment / store.TENSORBOARD, place / store.TENSORBOARD)
