"""All runs of an experiment: the missing ones are made, the finished ones are kept."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rnnlab import files
from rnnlab.config import Experiment
from rnnlab.data.build_dataset import build
from rnnlab.models import pretrained
from rnnlab.progress.base import Display
from rnnlab.progress.display import display
from rnnlab.progress.lines import Lines
from rnnlab.storage import store
from rnnlab.sweep.claim import kept
from rnnlab.sweep.executors import Executor, executor
from rnnlab.sweep.job import Answer, Job
from rnnlab.sweep.plan import vectors_told
from rnnlab.sweep.selection import ALL, Selection
from rnnlab.training.class_weights import class_weights


@dataclass(frozen=True)
class Sweep:
    """What came of the runs of an experiment."""

    folder: Path
    """The experiment's folder."""
    made: int
    """Runs made now; the others had a result already."""
    statuses: Counter[str]
    """How many runs ended as done, diverged, failed, and how many were not made as another one had not ended well."""

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
) -> Sweep:
    """Make every run of an experiment that has no result yet, by its executor: all variants with seed 1, then seed 2, ...

    A result counts where it is whole and was made from the same config, data and schema; otherwise the run is made again. A
    run that fails is a result too, which `retry_failed` does not count, and the others go on, unless `fail_fast`. After
    Ctrl-C, a crash or a kill the same call makes the rest. Two calls at once share the runs and both end when all are made.
    `selection` leaves runs out; `show(runs, epochs)` returns the display. Raises UserError before anything heavy is loaded
    where the folder cannot be written.
    """
    specs = selection.runs(experiment)
    dataset = cache(build)
    for config in experiment.variants.values():
        pretrained.check(config.model.embedding)
        if config.training.class_weights:
            class_weights(dataset(config.data), config.training.class_weights)  # refuses labels that the data do not have
    folder = files.make(Path(runs_dir) / experiment.name)
    files.remove_partial(folder, older=3600)
    store.write_experiment(folder, experiment.document)
    places = {spec: store.run_folder(folder, spec.variant, spec.seed) for spec in specs}
    results = {spec: kept(spec, place, dataset(spec.config.data), retry_failed) for spec, place in places.items()}
    jobs = [Job(spec, places[spec], store.read_run(places[spec]).result) for spec in specs if results[spec] is None]
    for job in jobs:
        store.inside(folder, job.folder)
    made = 0
    epochs = sum(job.spec.config.training.epochs for job in jobs)
    with show(len(jobs), epochs) as progress, executor(experiment.config.executor, jobs) as makers:
        for line in vectors_told(experiment, reading=True) if jobs else ():
            progress.say(line)
        _tell_stale(jobs, progress)
        for job, answer in _all(makers, jobs, progress):
            results[job.spec] = answer.result
            made += answer.made
            if fail_fast and answer.result and answer.result["status"] != "done":
                progress.say("stopped at the first run that did not end well; the same command makes the rest")
                break
    return Sweep(folder, made, Counter(result["status"] if result else "not made" for result in results.values()))


def _tell_stale(jobs: list[Job], progress: Display) -> None:
    """Say which results are there but don't count."""
    for job in jobs:
        if job.before and job.before.get("fingerprint") != job.spec.fingerprint:
            name = f"{job.spec.variant} seed {job.spec.seed}"
            progress.say(f"{name} has a result of another config, which does not count; it is made again")


def _all(makers: Executor, jobs: list[Job], progress: Display) -> Iterator[tuple[Job, Answer]]:
    """Every job with its answer, once it has one; what other processes have is asked for again until they have made it."""
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
    """Wait a moment where other processes have all that is left, and say once for whom."""
    for job, owner in left:
        if told.get(job) != owner:
            told[job] = owner
            progress.say(f"waits for {job.spec.variant} seed {job.spec.seed}, made by {owner}")
    time.sleep(1)
