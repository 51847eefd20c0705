"""Files no longer needed in the folders of experiments: listed with their sizes, and removed on request."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rnnlab import files
from rnnlab.errors import UserError
from rnnlab.storage import store
from rnnlab.storage.aside import ASIDE
from rnnlab.storage.lease import Lock
from rnnlab.storage.planned import planned

OLD = 3600.0
"""Seconds after which a half-written file outside of a run no longer belongs to a process at work."""


@dataclass(frozen=True)
class Stale:
    """A file or folder that can go."""

    path: Path
    why: str
    bytes: int
    run: Path | None = None
    """The run that it belongs to, whose right is taken before it is removed."""
    whole: bool = False
    """Whether the run goes as a whole."""


def stale(folder: str | Path) -> list[Stale]:
    """Return what is stale in an experiment, or in all experiments below a folder; raise UserError where there is none.

    Stale are runs of seeds and variants that the config no longer plans, runs that were moved aside, half-written files that a
    kill has left, and the states of finished runs that are not kept resumable. What a process is at work on is left out.
    """
    folder = Path(folder)
    homes = [file.parent for file in sorted([*folder.glob(store.EXPERIMENT), *folder.glob(f"*/{store.EXPERIMENT}")])]
    if not homes:
        raise UserError(f"{folder} holds no experiment: neither it nor a folder in it has an {store.EXPERIMENT}")
    return [one for home in homes for one in _of_experiment(home)]


def _of_experiment(home: Path) -> Iterator[Stale]:
    plan = planned(home)
    for run in store.run_folders(home):
        if Lock(run).held:
            continue
        if plan is not None and run not in plan:
            yield Stale(run, "a run of a withdrawn seed or variant", _size(run), run, whole=True)
            continue
        keep = plan[run].config.training.keep if plan is not None else "resumable"
        yield from _of_run(run, keep)
    yield from (Stale(path, "runs moved aside", _size(path)) for path in sorted(home.glob(f"{ASIDE}/*")))
    yield from (_half(path, None) for path in _partial(home) if time.time() - path.stat().st_mtime > OLD)


def _of_run(run: Path, keep: str) -> Iterator[Stale]:
    result, states = store.read_run(run).result, run / store.CHECKPOINT
    if states.is_dir() and keep == "weights" and result and result.status != "failed" and result.weights:
        yield Stale(states, "the state of a finished run", _size(states), run)
    yield from (_half(path, run) for place in (run, states) for path in _partial(place))


def _partial(place: Path) -> list[Path]:
    return sorted(place.glob(f".*{files.PARTIAL}"))


def _half(path: Path, run: Path | None) -> Stale:
    return Stale(path, "half-written, left by a kill", _size(path), run)


def _size(path: Path) -> int:
    inside = [path, *path.rglob("*")] if path.is_dir() else [path]
    return sum(one.lstat().st_size for one in inside if one.is_symlink() or one.is_file())


def remove(one: Stale) -> bool:
    """Remove what is stale; return False where a process has begun to work on its run meanwhile.

    Files in a run's folder that no run writes stay. Raises UserError where a link leads out of the experiment, StorageError
    where something can't be removed.
    """
    if one.run is None:
        files.refuse_links(one.path.parent, one.path)
        files.remove(one.path)
        return True
    store.inside(one.run.parents[1], one.run)
    lock = Lock(one.run)
    if not lock.take():
        return False
    with lock:
        if one.whole:
            store.clear(one.run)
        else:
            files.remove(one.path)
    if one.whole:
        _remove_empty(one.run)
    return True


def _remove_empty(run: Path) -> None:
    """Remove the folder of a run that is gone, and of its variant if that was the last, unless something else is in them."""
    for path in run.glob(".lock-*"):
        files.remove(path)
    for folder in (run, run.parent):
        if folder == run.parent and not [*folder.glob("seed-*")]:
            files.remove(folder / "mean")
        if not any(folder.iterdir()):
            folder.rmdir()
