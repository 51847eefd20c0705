"""Conflicts: runs whose folders hold runs of another config, which are refused or moved aside."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from rnnlab.config import Experiment, RunSpec
from rnnlab.config.runs import fingerprints
from rnnlab.data.data_config import DataConfig
from rnnlab.data.dataset import Dataset
from rnnlab.errors import UserError
from rnnlab.storage import aside, store
from rnnlab.storage.lease import Lock
from rnnlab.storage.run_result import RunResult
from rnnlab.sweep.standing import CODE, foreign, kept
from rnnlab.sweep.unasked import unasked

Conflicts = Mapping[RunSpec, list[str]]
"""The differences, by run."""
Results = Mapping[RunSpec, RunResult | None]
"""The result that each run has already, which is read once: there may be thousands of runs."""

RUNS = ("run", "runs")


def results_of(folder: Path, runs: Sequence[RunSpec], dataset: Callable[[DataConfig], Dataset | None]) -> Results:
    """Return the result that each run of an experiment has already; None where it has to be made, or its data are not there."""
    places = {spec: store.run_folder(folder, spec.variant, spec.seed) for spec in runs}
    data_of = {spec: dataset(spec.config.data) for spec in runs}
    known = fingerprints([spec for spec, data in data_of.items() if data])
    return {spec: kept(spec, places[spec], data, known[spec]) if data else None for spec, data in data_of.items()}


def conflicts(
    experiment: Experiment,
    folder: Path,
    results: Results,
    dataset: Callable[[DataConfig], Dataset | None],
    beside: Collection[str] = (),
    found: Collection[str] = (),
) -> Conflicts:
    """Return the runs in an experiment's folder that are of another config, also those that are not asked for.

    Differences in the paths `beside` don't count, nor, where code differs, in those whose values a search has `found`. Runs
    that are not asked for need no data of their own, and stay where they are if only code differs.
    """
    asked = {
        spec: _lines(spec, folder, dataset(spec.config.data), beside, found) for spec, result in results.items() if not result
    }
    data = {spec.config.data for spec in results}
    others = {}
    for spec, own in unasked(experiment, folder, results):
        known = spec.config.data in data and not any(path.startswith("data.") for path in own)
        its = dataset(spec.config.data) if known else None
        if not its or not kept(spec, store.run_folder(folder, spec.variant, spec.seed), its):  # which is read in less time
            others[spec] = _lines(spec, folder, its, {*beside, *own}, found)
    others = {spec: lines for spec, lines in others.items() if not all(map(of_code, lines))}
    return {spec: lines for spec, lines in {**asked, **others}.items() if lines}


def _lines(spec: RunSpec, folder: Path, dataset: Dataset | None, beside: Collection[str], found: Collection[str]) -> list[str]:
    lines = foreign(spec, store.run_folder(folder, spec.variant, spec.seed), dataset)
    left_out = {*beside, *found} if any(map(of_code, lines)) else beside
    return [line for line in lines if not _within(line.partition(":")[0], left_out)]


def _within(path: str, others: Collection[str]) -> bool:
    """Whether one of the other paths is the path itself, below it, or above it."""
    return any(f"{path}.".startswith(f"{other}.") or other.startswith(f"{path}.") for other in others)


def of_code(line: str) -> bool:
    """Whether only the code of a part differs: such runs are moved aside and made again, without being asked for it."""
    return line.startswith(CODE)


def sentences(folder: Path, differing: Conflicts, kinds: tuple[str, str] = RUNS) -> list[str]:
    """Return what differs in words, each difference once, with its variants where it isn't in all of them.

    `kinds` are the words for one and for several of what differs.
    """
    variants: dict[str, dict[str, None]] = {}
    for spec, lines in differing.items():
        for line in lines:
            variants.setdefault(line, {})[spec.variant] = None
    everywhere = len({spec.variant for spec in differing})
    origin = "made by other code" if all(map(of_code, variants)) else "of another config"
    told = [line if len(of) == everywhere else f"{line} (variant {', '.join(of)})" for line, of in variants.items()]
    return [
        f"{folder} holds {len(differing)} {kinds[len(differing) > 1]} {origin} (old -> new):",
        *(f"  {line}" for line in told),
    ]


def refuse(folder: Path, differing: Conflicts, kinds: tuple[str, str] = RUNS) -> None:
    """Raise UserError where there are conflicts, with what differs and the two ways on."""
    if differing:
        ways = [
            "Nothing was written. There are two options:",
            f"  name=NAME  keeps them, and makes the new runs in {folder.parent / 'NAME'}",
            f"  --replace  moves them into {folder / aside.ASIDE}, and makes the new runs in their places",
        ]
        raise UserError("\n".join([*sentences(folder, differing, kinds), *ways]))


def replace(folder: Path, differing: Conflicts, began: str) -> Path:
    """Move the work that is in the way of a command that `began` then aside; return its new place.

    Raises UserError, with nothing moved, where a process is making one of the runs, unless it began to meanwhile.
    """
    place = aside.place(folder, began)
    runs = {store.run_folder(folder, spec.variant, spec.seed): lines for spec, lines in differing.items()}
    locks = {run: Lock(run) for run in runs}
    for run, lock in locks.items():
        if lock.held:
            raise _busy(run, lock)
    for run, lock in locks.items():
        if not lock.take():
            raise _busy(run, lock)
        with lock:
            aside.move(run, place, "; ".join(runs[run]))
    aside.move_summaries(folder, place)
    return place


def _busy(run: Path, lock: Lock) -> UserError:
    return UserError(f"{run} cannot be moved aside: {lock.told} is making it")
