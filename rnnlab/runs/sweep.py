"""All runs of an experiment: the missing ones are made, the finished ones are kept."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rnnlab import files
from rnnlab.config import Experiment, RunSpec, dump
from rnnlab.data.build import build
from rnnlab.data.dataset import Dataset
from rnnlab.runs import store
from rnnlab.runs.progress import Lines, display


@dataclass(frozen=True)
class Sweep:
    """What came of all runs of an experiment."""

    folder: Path
    """The experiment's folder."""
    made: int
    """Runs made now; the others had a result already."""
    statuses: Counter[str]
    """How many runs ended as done, diverged, failed."""

    @property
    def exit_status(self) -> int:
        """0 where every run is done, 1 where one diverged or failed."""
        return int(self.statuses.total() > self.statuses["done"])


def run(
    experiment: Experiment,
    runs_dir: str | Path = "runs",
    retry_failed: bool = False,
    show: Callable[[int, int], Lines] = display,
) -> Sweep:
    """Make every run of an experiment that has no result yet, one after the other: all variants with seed 1, then seed 2, ...

    A result counts where it is whole and was made from the same config, data and schema; otherwise the run is made again. A
    run that fails is a result too, which `retry_failed` does not count, and the others go on. After Ctrl-C, a crash or a kill
    the same call makes the rest. `show(runs, epochs)` returns the display. Raises UserError before anything heavy is loaded
    where the folder cannot be written.
    """
    folder = files.make(Path(runs_dir) / experiment.name)
    files.write(folder / store.EXPERIMENT, dump(experiment.document))
    dataset = cache(build)
    places = {spec: store.run_folder(folder, spec.variant, spec.seed) for spec in experiment.runs()}
    results = {spec: kept(spec, place, dataset(spec.config.data), retry_failed) for spec, place in places.items()}
    missing = [spec for spec, result in results.items() if result is None]
    with show(len(missing), sum(spec.config.training.epochs for spec in missing)) as progress:
        for spec in missing:
            results[spec] = _make(spec, places[spec], dataset(spec.config.data), progress)
    return Sweep(folder, len(missing), Counter(result["status"] for result in results.values() if result))


def kept(spec: RunSpec, folder: Path, dataset: Dataset, retry_failed: bool = False) -> dict[str, Any] | None:
    """Return the result that a run has already, or None where it has to be made."""
    record = store.read_run(folder)
    result = record.result
    if not result or record.damaged or (result["fingerprint"], result["data"]) != (spec.fingerprint, dataset.sha256):
        return None
    return None if retry_failed and result["status"] == "failed" else result


def _make(spec: RunSpec, folder: Path, dataset: Dataset, progress: Lines) -> dict[str, Any]:
    from rnnlab.runs.execute import execute

    for name in store.read_run(folder).damaged:
        progress.say(f"{folder / name} is damaged; the run is made again from its last whole state")
    result = execute(spec, folder, dataset, progress)
    progress.end(result)
    return result
