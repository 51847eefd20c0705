"""The plan of `run`: the missing runs, their steps, and their time, estimated from finished runs."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rnnlab import backend
from rnnlab.config import Experiment, RunConfig, RunSpec
from rnnlab.data.build_dataset import at_hand, build, ready
from rnnlab.data.data_config import DataConfig
from rnnlab.data.dataset import Dataset
from rnnlab.data.describe import odd
from rnnlab.data.forecast import too_short
from rnnlab.data.sources.build_source import MAKERS, prepared_for
from rnnlab.models import start_weights
from rnnlab.models.pretrained import covered
from rnnlab.models.size import parameters
from rnnlab.models.start_shapes import check_start
from rnnlab.progress.base import duration
from rnnlab.storage import store
from rnnlab.storage.lease import Lock
from rnnlab.storage.run_origin import known_origin
from rnnlab.storage.run_result import RunResult
from rnnlab.sweep.conflicts import Results, conflicts, of_code, results_of, sentences
from rnnlab.sweep.makers import others, present
from rnnlab.sweep.run_seconds import expected, taken, work
from rnnlab.sweep.selection import ALL, Selection
from rnnlab.sweep.standing import unfit

STATES = ("done", "diverged", "failed", "running", "missing", "unknown")


@dataclass(frozen=True)
class Planned:
    """The plan for one variant."""

    variant: str
    runs: int
    """Runs in all: one a seed."""
    backend: str
    """The backend that computes them."""
    done: int
    """Runs whose result counts."""
    diverged: int
    """Runs that diverged, which is a result too."""
    failed: int
    """Runs that failed, which `--retry-failed` makes again."""
    running: int
    """Runs that some process is making now, on this machine or another."""
    missing: int
    """Runs that nobody has made and nobody is making."""
    unknown: int
    """Runs with a result of this config of which nobody knows, until the data are prepared, whether it is of these data."""
    parameters: int | None
    """Trained numbers in the model; None where the data is not prepared."""
    epochs: int
    """Epochs of one run, unless it stops early."""
    steps: int | None
    """Batches of one run, likewise."""
    seconds: float | None
    """The work that is left, see `rnnlab.sweep.run_seconds`; None where no run has finished."""


def plan(
    experiment: Experiment, runs_dir: str | Path = "runs", selection: Selection = ALL, results: Results | None = None
) -> list[Planned]:
    """Return what a sweep over the experiment would make, by variant; nothing is written, and no data is prepared.

    `results` are those that the runs have, where they have been read already. Raises UserError where a model cannot start from
    the run that it names.
    """
    folder, dataset = Path(runs_dir) / experiment.name, cache(at_hand)
    results = standing(experiment, runs_dir, selection) if results is None else results
    data_of = {spec: dataset(spec.config.data) for spec in results}
    statuses = {spec: result.status if result else _unmade(folder, spec, data_of[spec]) for spec, result in results.items()}
    ended = taken(results)
    seconds = expected(work(results, dataset), ended) if ended else {}
    rows = []
    for name, config in experiment.first_runs.items():
        count = Counter(status for spec, status in statuses.items() if spec.variant == name)
        if not count:
            continue
        left = (count["missing"] + count["running"]) * seconds[name] if seconds else None
        data, epochs = dataset(config.data), config.training.epochs
        if data:
            check_start(config.model, data)
        states = {status: count[status] for status in STATES}
        size, steps = (
            (parameters(config.model, data.task, config.training.freeze), epochs * data.train.count) if data else (None, None)
        )
        on = config.backend or backend.current()
        rows.append(Planned(name, count.total(), on, **states, parameters=size, epochs=epochs, steps=steps, seconds=left))
    return rows


def standing(experiment: Experiment, runs_dir: str | Path = "runs", selection: Selection = ALL) -> Results:
    """Return the result that each run has already, as far as can be told: without the data none does."""
    return results_of(Path(runs_dir) / experiment.name, selection.runs(experiment), cache(at_hand))


def _unmade(folder: Path, spec: RunSpec, data: Dataset | None) -> str:
    place = store.run_folder(folder, spec.variant, spec.seed)
    if Lock(place).held:
        return "running"
    record = None if data else store.read_run(place)
    ended = record and record.result and not record.damaged and record.result.fingerprint == spec.fingerprint
    return "unknown" if ended else "missing"


def in_the_way(
    experiment: Experiment, runs_dir: str | Path, results: Results, beside: Collection[str] = (), found: Collection[str] = ()
) -> list[str]:
    """Return in words which runs of another config `run` would refuse to replace, and which of other code it would keep.

    Which paths are `beside` and `found` is said by `rnnlab.sweep.conflicts.conflicts`.
    """
    folder, dataset = Path(runs_dir) / experiment.name, cache(at_hand)
    differing = conflicts(experiment, folder, results, dataset, beside, found)
    own = all(of_code(line) for lines in differing.values() for line in lines)
    then = "run moves them aside and makes them again" if own else "run refuses that without --replace or another name="
    told = [*sentences(folder, differing), then] if differing else []
    by_backend: dict[str | None, list[RunResult | None]] = {}
    for spec, result in results.items():
        by_backend.setdefault(spec.config.backend, []).append(result)
    made = [line for on, those in by_backend.items() for line in others(those, on)]
    return [*told, *_begun_anew(folder, results, dataset), *made]


def _begun_anew(folder: Path, results: Results, dataset: Callable[[DataConfig], Dataset | None]) -> list[str]:
    """In a line how many runs have a state that they would resume from, had other code or versions not made it."""
    places = {spec: store.run_folder(folder, spec.variant, spec.seed) for spec, result in results.items() if result is None}
    if not any((place / store.CHECKPOINT / store.STATE).exists() for place in places.values()):
        return []
    from rnnlab.sweep.going_on import goes_on

    reasons, makers = [], cache(present)
    for spec, place in places.items():
        origin, now = known_origin(place), makers(spec.config.backend)
        if origin and origin.makers != now.makers and goes_on(spec, place, dataset(spec.config.data)):
            reasons.append(unfit(place, now, damaged=False))
    runs = "1 run begins" if len(reasons) == 1 else f"{len(reasons)} runs begin"
    return [f"{runs} anew, and what is there is moved aside: {'; '.join(dict.fromkeys(reasons))}"] if reasons else []


def unprepared(experiment: Experiment, selection: Selection = ALL) -> list[str]:
    """Return the names of the data sets that have to be prepared before the experiment can be planned in full."""
    return sorted({data.name for data in {config.data for config in _configs(experiment, selection)} if not ready(data)})


def remarks(experiment: Experiment, selection: Selection = ALL, reading: bool = False) -> list[str]:
    """Return what is worth reading before training: what looks odd in prepared data, and what `beginnings_told` tells."""
    sections = [data for data in dict.fromkeys(config.data for config in _configs(experiment, selection)) if ready(data)]
    told = [line for data in sections if data.name in MAKERS for line in odd(prepared_for(data))]
    told += [line for data in sections if data.name == "series" for line in too_short(build(data))]
    return [*dict.fromkeys(told), *beginnings_told(experiment, selection, reading)]


def beginnings_told(experiment: Experiment, selection: Selection = ALL, reading: bool = False) -> list[str]:
    """Return how far pretrained vectors cover the words of the data, and which layers start from the weights of another run."""
    configs = _configs(experiment, selection)
    pairs = {(config.model.embedding, config.data): None for config in configs}
    starts = {line: None for config in configs if (line := start_weights.told(config.model))}
    return [*dict.fromkeys(line for pair in pairs if (line := covered(*pair, reading))), *starts]


def _configs(experiment: Experiment, selection: Selection) -> list[RunConfig]:
    return list(selection.first_runs(experiment).values())


def summary(rows: Sequence[Planned], workers: int) -> str:
    """Return in words how many runs are left, as far as is known, and how long they take with this many workers."""
    left, workers, runs = sum(row.missing + row.running for row in rows), max(1, workers), sum(row.runs for row in rows)
    unknown = sum(row.unknown for row in rows)
    unsure = f"whether {unknown} of {runs} runs are left is not known until the data are prepared" if unknown else ""
    if not left:
        return unsure or "nothing is left to make"
    known = [row.seconds for row in rows if row.seconds is not None]
    takes = f"about {duration(sum(known) / workers)}" if known else "the duration is known once a run has finished"
    return "; ".join(filter(None, (f"{left} of {runs} runs are left, {workers} at a time: {takes}", unsure)))
