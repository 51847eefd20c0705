"""The search for the best values of every variant, which comes before the comparison; after a kill it resumes with the same
trials."""

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from rnnlab import compat, files
from rnnlab.config import Experiment, RunConfig, tuned
from rnnlab.config.search_config import Range, SearchConfig, Space
from rnnlab.data.build_dataset import build
from rnnlab.documents import Plain, Record
from rnnlab.errors import UserError
from rnnlab.seeds import derive
from rnnlab.sweep import sweep
from rnnlab.sweep.selection import ALL, Selection
from rnnlab.sweep.sweep import Sweep

if TYPE_CHECKING:
    import optuna

FOLDER, JOURNAL = "_search", "journal.log"
"""No variant can be called so."""


def run(
    experiment: Experiment,
    runs_dir: str | Path,
    say: Callable[[str], None],
    selection: Selection = ALL,
    replace: bool = False,
    **settings: Any,
) -> Sweep:
    """Search the values that the config asks for, then make the runs; `settings` are those of `rnnlab.sweep.sweep.run`.

    Raises UserError as these do; work of another config in the way of the runs is refused before a search begins.
    """
    if experiment.config.search:
        sweep.checked(experiment, runs_dir, selection, replace, beside=paths(experiment))
    return sweep.run(searched(experiment, runs_dir, say), runs_dir, selection=selection, replace=replace, **settings)


def searched(experiment: Experiment, runs_dir: str | Path, say: Callable[[str], None]) -> Experiment:
    """Return the experiment with the best values of each variant, found now where they have not been; itself without a search.

    Raises ConfigError where the first values of its ranges do not fit, and UserError where Optuna is missing, where the folder
    has another search, and where every trial of a variant diverged.
    """
    search = experiment.config.search
    if not search:
        return experiment
    from filelock import FileLock

    tuned(experiment, {name: {path: _first(of) for path, of in search.of(name).items()} for name in experiment.variants})
    _optuna()
    folder = files.make(_folder(experiment, runs_dir))
    with FileLock(folder / ".lock"):
        best = {name: Search(experiment, name, folder).run(say) for name in experiment.variants if search.of(name)}
    return tuned(experiment, best)


def paths(experiment: Experiment) -> set[str]:
    """Return the dotted paths for whose values any variant is searched."""
    search = experiment.config.search
    spaces = [search.of(name) for name in experiment.variants] if search else []
    named = {path for space in spaces for path in space}
    layers = range(len(experiment.config.model.recurrent))
    return named | {f"model.recurrent.{layer}.{path}" for path in named if "." not in path for layer in layers}


def finished(experiment: Experiment, runs_dir: str | Path) -> Experiment | None:
    """Return the experiment with the values of a search that has ended; None where it has not, or there is none."""
    search = experiment.config.search
    if not search or any(left for *_, left in _progress(experiment, runs_dir)):
        return None
    folder = _folder(experiment, runs_dir)
    return tuned(experiment, {name: Search(experiment, name, folder).best() for name in experiment.variants if search.of(name)})


def outlook(experiment: Experiment, runs_dir: str | Path) -> Iterator[str]:
    """Yield a line for each variant that is searched: what is tried, and how often still."""
    for name, space, trials, left in _progress(experiment, runs_dir):
        epochs = experiment.variants[name].training.epochs
        yield f"search: {name}: {trials} trials of up to {epochs} epochs over {', '.join(space)}; {trials - left} done"


def _folder(experiment: Experiment, runs_dir: str | Path) -> Path:
    """Where the search of an experiment keeps its trials; UserError where a symbolic link leads elsewhere."""
    folder = Path(runs_dir) / experiment.name / FOLDER
    files.refuse_links(folder.parent, folder, *folder.rglob("*"))
    return folder


def _progress(experiment: Experiment, runs_dir: str | Path) -> Iterator[tuple[str, Space, int, int]]:
    search = experiment.config.search
    if not search:
        return
    folder = _folder(experiment, runs_dir)
    for name in experiment.variants:
        if space := search.of(name):
            done = Search(experiment, name, folder).done() if (folder / name / JOURNAL).exists() else 0
            yield name, space, search.trials, max(0, search.trials - done)


class Search:
    """The search of one variant: a study in a journal, trial after trial, each trained with the same seed."""

    def __init__(self, experiment: Experiment, variant: str, folder: Path):
        assert experiment.config.search
        self.experiment, self.variant, self.folder = experiment, variant, folder / variant
        self.section: SearchConfig = experiment.config.search
        self.space = self.section.of(variant)

    def run(self, say: Callable[[str], None]) -> Record:
        """Make the missing trials, an interrupted one first; return the best values."""
        trials = _optuna().trial
        from rnnlab.search.journal import mend

        if mend(self.folder / JOURNAL):
            say(f"search: {self.folder / JOURNAL} was damaged; {self.variant} goes on from the trials before the damage")
        study = self._study()
        while self.done() < self.section.trials:
            study.sampler = self._sampler(len(study.trials))
            open_trials = study.get_trials(states=(trials.TrialState.RUNNING,))
            trial = trials.Trial(study, compat.trial_number(open_trials[0])) if open_trials else study.ask()
            values = {path: _suggested(trial, path, space) for path, space in self.space.items()}
            state, value = self._train(trial, tuned(self.experiment, {self.variant: values}).variants[self.variant])
            study.tell(trial, value, state)
            files.remove(self._state(trial.number).parent)
            end = f"{value:.6g}" if value is not None else state.name.lower()
            say(f"search: {self.variant} trial {trial.number + 1}/{self.section.trials}: {values}: {end}")
        return self.best()

    def done(self) -> int:
        """Return how many trials have ended."""
        return sum(trial.state.is_finished() for trial in self._study().trials)

    def best(self) -> Record:
        """Return the values of the trial with the best value on validation; raise UserError where none has one."""
        from optuna.trial import TrialState

        study = self._study()
        if not study.get_trials(states=(TrialState.COMPLETE,)):
            raise UserError(f"every trial of {self.variant} diverged; the space of its search needs other values")
        return {path: _value(study.best_trial.params[path], space) for path, space in self.space.items()}

    def _state(self, number: int) -> Path:
        return self.folder / f"trial-{number}" / "state"

    def _study(self) -> "optuna.Study":
        optuna = _optuna()
        from rnnlab.data.task import KINDS
        from rnnlab.search.journal import Journal
        from rnnlab.training.training_config import monitored

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        config = self.experiment.variants[self.variant]
        mode = monitored(config.training, KINDS[config.data.task])[1]
        storage = optuna.storages.JournalStorage(Journal(files.make(self.folder) / JOURNAL))
        if not storage.get_all_studies():
            direction = "maximize" if mode == "max" else "minimize"
            optuna.create_study(storage=storage, study_name=self.variant, direction=direction)
        pruner = optuna.pruners.MedianPruner() if self.section.prune else optuna.pruners.NopPruner()
        study = optuna.load_study(storage=storage, study_name=self.variant, pruner=pruner)
        mine = self._fingerprint(config)
        if study.user_attrs.setdefault("fingerprint", mine) != mine:
            raise UserError(f"{self.folder} has the search of another config; give the experiment another name, or remove it")
        if not study.trials:
            study.set_user_attr("fingerprint", mine)
        return study

    def _fingerprint(self, config: RunConfig) -> str:
        """The fingerprint of everything that decides the trials, except their number."""
        parts = [
            config.model_dump(exclude={"name": True, "training": {"checkpoint", "keep"}}),
            self.section.model_dump(exclude={"trials"}),
        ]
        spaces = {path: space.model_dump() if isinstance(space, Range) else space for path, space in self.space.items()}
        del parts[1]["space"], parts[1]["variants"]
        return sha256(json.dumps([*parts, spaces], sort_keys=True).encode()).hexdigest()

    def _sampler(self, number: int) -> "optuna.samplers.TPESampler":
        """The sampler of a trial: seeded by its number, so that a resumed search repeats no point."""
        from optuna.samplers import TPESampler

        return TPESampler(seed=derive(self.section.seed, self.variant, number))

    def _train(self, trial: "optuna.Trial", config: RunConfig) -> "tuple[optuna.trial.TrialState, float | None]":
        """Return how a trial ended, and its best value on validation."""
        from optuna.trial import TrialState

        from rnnlab.search.trial import monitored_value

        slot = self._state(trial.number)
        value, pruned = monitored_value(config, build(config.data), self.section.train_seed, trial, slot)
        if pruned:
            return TrialState.PRUNED, None
        return (TrialState.FAIL, None) if value is None else (TrialState.COMPLETE, value)


def _optuna() -> ModuleType:
    """Optuna, which is not part of a plain install."""
    try:
        import optuna
    except ImportError:
        raise UserError("a search needs Optuna: pip install 'rnnlab[search]'") from None
    return optuna


def _suggested(trial: "optuna.Trial", path: str, space: Range | list[Plain]) -> Plain:
    """The value of a trial; one of a list is kept in the journal by its place."""
    if isinstance(space, Range):
        whole = isinstance(space.low, int) and isinstance(space.high, int)
        suggest = trial.suggest_int if whole else trial.suggest_float
        return suggest(path, space.low, space.high, log=space.log)
    return _value(trial.suggest_categorical(path, range(len(space))), space)


def _first(space: Range | list[Plain]) -> Plain:
    return space.low if isinstance(space, Range) else space[0]


def _value(kept: float | int, space: Range | list[Plain]) -> Plain:
    return kept if isinstance(space, Range) else space[int(kept)]
