"""All runs of an experiment: the missing ones are made, the finished ones are kept."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rnnlab import backend, files
from rnnlab.config import Experiment, RunSpec
from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import DataConfig
from rnnlab.data.dataset import Dataset
from rnnlab.errors import UserError
from rnnlab.models import pretrained
from rnnlab.models.start_shapes import check_start
from rnnlab.progress.base import Display
from rnnlab.progress.display import display
from rnnlab.progress.lines import Lines
from rnnlab.storage import aside, store
from rnnlab.storage.run_result import RunResult
from rnnlab.sweep.conflicts import Conflicts, Results, conflicts, of_code, refuse, results_of, sentences
from rnnlab.sweep.conflicts import replace as move_aside
from rnnlab.sweep.executors import Executor, executor
from rnnlab.sweep.job import Job, JobResult
from rnnlab.sweep.makers import others
from rnnlab.sweep.plan import remarks
from rnnlab.sweep.run_seconds import expected, taken, work
from rnnlab.sweep.selection import ALL, Selection
from rnnlab.sweep.tracking import Tracking
from rnnlab.tensorboard import experiment_board
from rnnlab.training.class_weights import class_weights


@dataclass(frozen=True)
class Sweep:
    """How the runs of an experiment ended."""

    folder: Path
    """The experiment's folder."""
    made: int
    """Runs made now; the others had a result already."""
    statuses: Counter[str]
    """How many runs are done, diverged or failed, and how many were not made because another one had not ended well."""

    @property
    def exit_status(self) -> int:
        """0 where every run is done, 1 where one diverged or failed."""
        return int(self.statuses.total() > self.statuses["done"])


def run(
    experiment: Experiment,
    runs_dir: str | Path = "runs",
    retry_failed: bool = False,
    show: Callable[[int, int], Lines] = display,
    selection: Selection = ALL,
    fail_fast: bool = False,
    replace: bool = False,
    found: Collection[str] = (),
    before_last: Callable[[], object] = lambda: None,
) -> Sweep:
    """Make every run of an experiment that has no result yet, by its executor: a process stays with a variant it has compiled.

    A result counts where it is whole and was made from the same config, data and schema. A run that fails is a result too,
    which `retry_failed` does not count, and the others go on, unless `fail_fast`. After Ctrl-C, a crash or a kill the same
    call makes the rest. Two calls at once share the runs and both end when all are made. `selection` leaves runs out;
    `show(runs, epochs)` returns the display.

    Raises UserError, with nothing written, where the folder cannot be written (told before anything heavy is loaded) or a link
    leads out of it, where the data are not there, where the executor cannot make the runs, and where the folder holds runs of
    another config, unless `replace` lets them be moved aside. `found` are the paths whose values a search has found, which may
    differ where code does. `before_last` is called while the last run is being made, when a core may be idle.
    """
    began, dataset = aside.now(), cache(build)
    before, differing = _accepted(experiment, runs_dir, selection, replace, dataset, found)
    folder = Path(runs_dir) / experiment.name
    results = {spec: None if retry_failed and one and one.status == "failed" else one for spec, one in before.items()}
    jobs = _jobs(folder, results, expected(work(results, dataset), taken(before)), began)
    _refuse_links(folder, jobs, differing)
    epochs = sum(job.spec.config.training.epochs for job in jobs)
    with show(len(jobs), epochs) as progress, executor(experiment.config.executor, jobs) as makers:
        moved = _begin(experiment, folder, jobs, differing, began)  # the executor may refuse, so nothing is written before
        read = remarks(experiment, selection, reading=True) if jobs else ()
        for line in (*moved, *_failed_before(results), *others(results.values()), *read):
            progress.say(line)
        with Tracking(experiment, folder, progress.say) as tracking:
            made = _make(makers, jobs, results, tracking, progress, fail_fast, before_last)
    return Sweep(folder, made, Counter(result.status if result else "not made" for result in results.values()))


def _accepted(
    experiment: Experiment,
    runs_dir: str | Path,
    selection: Selection,
    replace: bool,
    dataset: Callable[[DataConfig], Dataset],
    found: Collection[str],
) -> tuple[Results, Conflicts]:
    """Return what `checked` does; raise UserError where vectors, folder, runs or labels do not fit."""
    for spec in selection.runs(experiment):
        pretrained.check(spec.config.model.embedding)
    results, differing = checked(experiment, runs_dir, selection, replace, dataset, found=found)
    for config in selection.first_runs(experiment).values():
        if config.training.class_weights:
            class_weights(dataset(config.data), config.training.class_weights)  # refuses labels that the data do not have
    return results, differing


def _jobs(folder: Path, results: Results, seconds: Mapping[str, float], began: str) -> list[Job]:
    """A job for every run without a result, with the result of an earlier try and how long it is expected to take."""
    places = {spec: store.run_folder(folder, spec.variant, spec.seed) for spec, one in results.items() if one is None}
    return [
        Job(spec, place, store.read_run(place).result, expected=seconds[spec.variant], began=began)
        for spec, place in places.items()
    ]


def _failed_before(results: Results) -> list[str]:
    """Say in a line which runs have failed in an earlier call and are not made again."""
    ended = {f"{spec.variant} seed {spec.seed}": one for spec, one in results.items() if one}
    failed = [f"{name}: {one.error}" for name, one in ended.items() if one.status == "failed"]
    more = f"; and {len(failed) - 1} more" if failed[1:] else ""
    return [f"failed before, and made again by --retry-failed only: {failed[0]}{more}"] if failed else []


def _make(
    makers: Executor,
    jobs: list[Job],
    results: dict[RunSpec, RunResult | None],
    tracking: Tracking,
    progress: Lines,
    fail_fast: bool,
    before_last: Callable[[], object],
) -> int:
    """Make the jobs and add their results; return how many runs were made for this call."""
    made, left = 0, len(jobs)
    for spec, result in results.items():
        tracking.run(spec, result)
    for job, answer in _all(makers, jobs, tracking.watching(progress)):
        results[job.spec] = answer.result
        tracking.run(job.spec, answer.result)
        made, left = made + answer.made, left - 1
        if left == 1:
            before_last()
        if fail_fast and answer.result and answer.result.status != "done":
            progress.say("stopped at the first run that did not end well; the same command makes the rest")
            break
    return made


def _refuse_links(folder: Path, jobs: list[Job], differing: Conflicts) -> None:
    """Raise UserError where a link leads what is to be written or moved aside out of the experiment's folder."""
    moved = [store.run_folder(folder, spec.variant, spec.seed) for spec in differing]
    for place in (*moved, *(job.folder for job in jobs)):
        store.inside(folder, place)
    if jobs:
        files.refuse_links(folder, folder / store.TENSORBOARD)
    if moved or any(store.holds_work(job.folder) for job in jobs):
        files.refuse_links(folder, folder / aside.ASIDE)


def _begin(experiment: Experiment, folder: Path, jobs: list[Job], differing: Conflicts, began: str) -> list[str]:
    """Make the experiment's folder ready, and tell TensorBoard what is compared where there is anything to make.

    Returns in words what was moved aside.
    """
    files.make(folder)
    files.remove_partial(folder, older=3600)
    moved = [*sentences(folder, differing), f"They are moved to {move_aside(folder, differing, began)}"] if differing else []
    store.write_experiment(folder, experiment.document)
    if jobs:
        experiment_board.begin(experiment, folder)
    return moved


def checked(
    experiment: Experiment,
    runs_dir: str | Path,
    selection: Selection = ALL,
    replace: bool = False,
    dataset: Callable[[DataConfig], Dataset] = build,
    beside: Collection[str] = (),
    found: Collection[str] = (),
) -> tuple[Results, Conflicts]:
    """Return the selected runs with the results that they already have, and the conflicts with runs of another config.

    Raises UserError as `run` does. Which paths are `beside` and `found` is said by `conflicts`. Nothing is written.
    """
    specs, folder = selection.runs(experiment), Path(runs_dir) / experiment.name
    files.refuse_unwritable(folder)
    for config in selection.first_runs(experiment).values():
        if config.model.start_from:
            check_start(config.model, dataset(config.data))
    results = results_of(folder, specs, dataset)
    differing = conflicts(experiment, folder, results, dataset, beside, found)
    if not replace:
        refuse(folder, {spec: lines for spec, lines in differing.items() if not all(map(of_code, lines))})
    asked = {spec.config.backend for spec in specs}
    if len(asked) > 1:
        raise UserError("variants differ in backend, which one command cannot run; run each backend under a name of its own")
    backend.use(*asked)
    return results, differing


def _all(makers: Executor, jobs: list[Job], progress: Display) -> Iterator[tuple[Job, JobResult]]:
    """Yield every job with its answer; runs that other processes are making are asked for again until they are made."""
    told: dict[Job, str] = {}
    while jobs:
        left = []
        for job, answer in makers.make(jobs, progress):
            if answer.result:
                yield job, answer
                continue
            left.append((job, answer.owner))
        if len(left) == len(jobs):
            _wait(left, told, progress)
        jobs = [job for job, _ in left]


def _wait(left: list[tuple[Job, str]], told: dict[Job, str], progress: Display) -> None:
    """Wait a moment where other processes are making all runs that are left, and say once which."""
    for job, owner in left:
        if told.get(job) != owner:
            told[job] = owner
            progress.say(f"waits for {job.spec.variant} seed {job.spec.seed}, made by {owner}")
    time.sleep(1)
