"""Runs in an experiment's folder that a command does not ask for: what the present config makes of each."""

from collections.abc import Collection, Iterator
from pathlib import Path

from pydantic import ValidationError

from rnnlab.config import Experiment, RunConfig, RunSpec
from rnnlab.config.fold_runs import in_fold
from rnnlab.config.pinned import pinned, whole
from rnnlab.documents import Fields, Record
from rnnlab.errors import UserError
from rnnlab.storage import place, store
from rnnlab.storage.run_origin import known_origin
from rnnlab.sweep.standing import foreign


def unasked(experiment: Experiment, folder: Path, asked: Collection[RunSpec]) -> Iterator[tuple[RunSpec, set[str]]]:
    """Yield the runs with work in the folder that are not asked for, as the config would make them now, and what is their own.

    A run of a withdrawn variant is the variant's patch, as experiment.yaml has it, upon the present base. Where its patch is
    not there, or fits no more, the run is compared with the base itself; its own are then the paths in which it differs
    from the base of experiment.yaml. Where files that it reads are lost, there is nothing to compare it with.
    """
    places = {store.run_folder(folder, spec.variant, spec.seed) for spec in asked}
    runs = [run for run in store.run_folders(folder) if run not in places and store.holds_work(run)]
    if not runs:
        return
    planned = {store.run_folder(folder, spec.variant, spec.seed): spec for spec in experiment.runs()}
    then = _then(folder)
    variants = {**_withdrawn(experiment, then), **experiment.variants}
    folds = experiment.config.compare.folds
    base = RunConfig.model_construct(**{name: getattr(experiment.config, name) for name in RunConfig.model_fields})
    for run in runs:
        variant, seed = place.by_name(run)
        config = variants.get(variant)
        if not config and not then:
            continue
        spec = planned.get(run) or RunSpec(experiment.name, variant, seed, _in_its_fold(pinned(config or base), run, folds))
        if whole(spec.config):
            yield spec, set() if config else _own(spec, run, then)


def _then(folder: Path) -> Record:
    """The config of the experiment as its folder has it; empty where it can't be read."""
    try:
        return store.read_experiment(folder)
    except UserError:
        return Record()


def _withdrawn(experiment: Experiment, then: Fields) -> dict[str, RunConfig]:
    """The variants of then upon the present base; none where one does not fit it."""
    if not then:
        return {}
    compare = {**then["compare"], "folds": None}
    try:
        return Experiment.from_dict({**experiment.document, "compare": compare, "search": None}).variants
    except UserError:
        return {}


def _in_its_fold(config: RunConfig, run: Path, folds: int | None) -> RunConfig:
    """The config in the fold that the run has, where the number of folds is the same."""
    origin = known_origin(run) if folds else None
    fold = origin.config["data"].get("fold") if origin else None
    return in_fold(config, (fold["repeat"] - 1) * fold["of"] + fold["number"] - 1 if fold else 0, folds)


def _own(spec: RunSpec, run: Path, then: Fields) -> set[str]:
    """The paths in which a run differs from the base of then; none where that has parts which are gone, so that it differs."""
    try:
        base = pinned(RunConfig.model_validate({name: then[name] for name in RunConfig.model_fields}))
    except (ValidationError, KeyError):
        return set()
    lines = foreign(RunSpec(spec.experiment, spec.variant, spec.seed, base), run, None)
    return {line.partition(":")[0] for line in lines} - {"schema"}
