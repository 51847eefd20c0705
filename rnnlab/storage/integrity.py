"""Every file of every run is read again: the folders are the truth, and no index stands between them and a verb."""

from collections.abc import Iterator
from pathlib import Path

from rnnlab.errors import UserError
from rnnlab.storage import store
from rnnlab.training import array_file


def damaged(runs_dir: str | Path) -> list[Path]:
    """Return every file below `runs_dir` that is not as a run wrote it; `rnnlab run` repairs it."""
    return [path for file in sorted(Path(runs_dir).glob(f"*/{store.EXPERIMENT}")) for path in _experiment(file)]


def _experiment(file: Path) -> Iterator[Path]:
    try:
        store.read_experiment(file.parent)
    except UserError:
        yield file
    for run in store.run_folders(file.parent):
        yield from damaged_in(run)


def damaged_in(run: Path) -> list[Path]:
    """Return every file in the folder of a run that is not as it was written."""
    return list(_damaged(run))


def _damaged(run: Path) -> Iterator[Path]:
    record = store.read_run(run)
    yield from (run / name for name in record.damaged)
    if record.result and store.WEIGHTS not in record.damaged and record.result.weights:
        yield from [] if store.weights_whole(run, record.result) else [run / store.WEIGHTS]
    states = (run / store.CHECKPOINT / name for name in (store.STATE, f"{store.STATE}.previous"))
    yield from (state for state in states if state.exists() and not _whole(state))


def _whole(state: Path) -> bool:
    try:
        array_file.read(state)
    except (OSError, ValueError):
        return False
    return True
