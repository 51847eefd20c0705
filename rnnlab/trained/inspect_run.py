"""A snapshot of a finished run: a table, arrays and pictures in its folder."""

from dataclasses import dataclass
from pathlib import Path

from rnnlab import files
from rnnlab.documents import Record
from rnnlab.errors import UserError
from rnnlab.inspection.archive import END, Snapshot, table, write
from rnnlab.inspection.snapshot import SnapshotTaker, first_batch
from rnnlab.storage import store
from rnnlab.storage.place import experiment_of
from rnnlab.trained.loading import trained


@dataclass(frozen=True)
class Inspected:
    """The snapshot of a run, and its file."""

    run: Path
    file: Path
    snapshot: Snapshot

    def rows(self) -> list[Record]:
        """Return it as rows of a table, with the name of the run."""
        return [{"run": "/".join(self.run.parts[-2:]), **row} for row in table(self.snapshot)]


def inspect(folder: str | Path, seed: int | None = None) -> list[Inspected]:
    """Take a snapshot of a finished run, or of every finished run of an experiment, as `inspection/end.npz` in its folder.

    With a `seed` the noise of training is on, and the snapshot goes into `inspection/noise-<seed>.npz`. Raises UserError where
    `folder` is neither, or where a run has left no model.
    """
    folder = Path(folder)
    if (folder / store.EXPERIMENT).exists():
        runs = [run for run in store.read(folder).runs if run.result and run.result.status == "done"]
        if not runs:
            raise UserError(f"no run of {folder} is done yet: there is nothing to inspect")
        return [_snapshot(run.folder, seed) for run in runs]
    return [_snapshot(folder, seed)]


def _snapshot(folder: Path, seed: int | None) -> Inspected:
    model, dataset, run = trained(folder)
    own, experiment = run.record.folder, experiment_of(run.record.folder)
    place = files.make((store.inside(experiment, own) if experiment else store.inside_itself(own)) / store.INSPECTION)
    snapshot = SnapshotTaker(model, *first_batch(dataset), seed)()
    path = place / (END if seed is None else f"noise-{seed}.npz")
    write(path, snapshot)
    return Inspected(run.record.folder, path, snapshot)
