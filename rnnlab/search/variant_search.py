"""The search of one variant: a study in a journal, trial after trial, each trained with the same seed."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from rnnlab import compat, files
from rnnlab.config import Experiment, RunSpec, tuned
from rnnlab.config.pinned import pinned
from rnnlab.config.search_config import Range, SearchConfig
from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import DataConfig
from rnnlab.data.dataset import Dataset
from rnnlab.documents import Plain, Record
from rnnlab.errors import UserError
from rnnlab.search import trial_origin
from rnnlab.search.trial_origin import Trials
from rnnlab.seeds import derive
from rnnlab.storage.run_origin import Provenance
from rnnlab.sweep.provenance import provenance

if TYPE_CHECKING:
    import optuna

JOURNAL = "journal.log"


class Search:
    """The search of one variant in its folder; a trial is a run with the seed of the search, and counts where a run would."""

    def __init__(self, experiment: Experiment, variant: str, folder: Path):
        assert experiment.config.search
        self.experiment, self.variant, self.folder = experiment, variant, folder / variant
        self.section: SearchConfig = experiment.config.search
        self.space = self.section.of(variant)

    @property
    def first(self) -> Record:
        """The first values of its space."""
        return {path: space.low if isinstance(space, Range) else space[0] for path, space in self.space.items()}

    def mend(self, say: Callable[[str], None]) -> None:
        """Cut a damaged journal before the damage, and say so."""
        optuna_there()
        from rnnlab.search.journal import mend

        if mend(self.folder / JOURNAL):
            say(f"search: {self.folder / JOURNAL} was damaged; {self.variant} goes on from the trials before the damage")

    def run(self, say: Callable[[str], None]) -> Record:
        """Make the missing trials, an interrupted one first; return the best values."""
        trials = optuna_there().trial
        study, where = self._begun(), provenance()
        while sum(one.state.is_finished() for one in study.trials) < self.section.trials:
            study.sampler = self._sampler(len(study.trials))
            open_trials = study.get_trials(states=(trials.TrialState.RUNNING,))
            trial = trials.Trial(study, compat.trial_number(open_trials[0])) if open_trials else study.ask()
            values = {path: _suggested(trial, path, space) for path, space in self.space.items()}
            state, value = self._train(trial, self.spec(values), where)
            study.tell(trial, value, state)
            files.remove(self._folder_of(trial.number))
            end = f"{value:.6g}" if value is not None else state.name.lower()
            say(f"search: {self.variant} trial {trial.number + 1}/{self.section.trials}: {values}: {end}")
        return self.best()

    def trials(self, dataset: Callable[[DataConfig], Dataset | None]) -> Trials:
        """Return which trials there are, and whether they are those of the present config, data and code; nothing is written.

        `dataset` returns None for data that aren't there, which are then not compared.
        """
        study = self.study()
        return trial_origin.compared(study, self._decisive, self._spec_of, dataset) if study else Trials()

    def best(self) -> Record:
        """Return the values of the trial with the best value on validation; raise UserError where none has one."""
        from optuna.trial import TrialState

        study = self.study()
        if not study or not study.get_trials(states=(TrialState.COMPLETE,)):
            raise UserError(f"every trial of {self.variant} diverged; the space of its search needs other values")
        return self._values(study.best_trial)

    def spec(self, values: Record) -> RunSpec:
        """Return the run that a trial of these values is."""
        config = tuned(self.experiment, {self.variant: values}).variants[self.variant]
        return RunSpec(self.experiment.name, self.variant, self.section.train_seed, pinned(config))

    def study(self) -> "optuna.Study | None":
        """Return the study as its journal has it, None where there is none; nothing is written."""
        if not (self.folder / JOURNAL).exists():
            return None
        storage = self._storage()
        return self._study(storage) if storage.get_all_studies() else None

    def _begun(self) -> "optuna.Study":
        """The study, made now if there is none with a trial."""
        from rnnlab.data.task import KINDS
        from rnnlab.training.training_config import monitored

        if (study := self.study()) and study.trials:
            return study
        files.remove(files.make(self.folder) / JOURNAL)
        storage, config = self._storage(), self.experiment.variants[self.variant]
        mode = monitored(config.training, KINDS[config.data.task])[1]
        direction = "maximize" if mode == "max" else "minimize"
        optuna_there().create_study(storage=storage, study_name=self.variant, direction=direction)
        study = self._study(storage)
        study.set_user_attr(trial_origin.SEARCH, self._decisive)
        return study

    def _storage(self) -> "optuna.storages.JournalStorage":
        optuna = optuna_there()
        from rnnlab.search.journal import Journal

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        return optuna.storages.JournalStorage(Journal(self.folder / JOURNAL))

    def _study(self, storage: "optuna.storages.JournalStorage") -> "optuna.Study":
        optuna = optuna_there()
        pruner = optuna.pruners.MedianPruner() if self.section.prune else optuna.pruners.NopPruner()
        return optuna.load_study(storage=storage, study_name=self.variant, pruner=pruner)

    @property
    def _decisive(self) -> Record:
        """What decides the values of the trials, except their number."""
        spaces = {path: space.model_dump() if isinstance(space, Range) else space for path, space in self.space.items()}
        return {"space": spaces, "seed": self.section.seed, "prune": self.section.prune}

    def _sampler(self, number: int) -> "optuna.samplers.TPESampler":
        """The sampler of a trial: seeded by its number, so that a resumed search repeats no point."""
        from optuna.samplers import TPESampler

        return TPESampler(seed=derive(self.section.seed, self.variant, number))

    def _train(self, trial: "optuna.Trial", spec: RunSpec, where: Provenance) -> "tuple[optuna.trial.TrialState, float | None]":
        """Return how a trial ended, and its best value on validation."""
        from optuna.trial import TrialState

        from rnnlab.search.trial import monitored_value
        from rnnlab.sweep import going_on

        dataset = build(spec.config.data)
        trial_origin.note(trial, spec, dataset, where)
        slot = going_on.slot(spec, self._folder_of(trial.number), dataset, where)
        value, pruned = monitored_value(spec.config, dataset, spec.seed, trial, slot)
        if pruned:
            return TrialState.PRUNED, None
        return (TrialState.FAIL, None) if value is None else (TrialState.COMPLETE, value)

    def _folder_of(self, number: int) -> Path:
        return self.folder / f"trial-{number}"

    def _values(self, trial: "optuna.trial.FrozenTrial") -> Record:
        return {path: _value(trial.params[path], space) for path, space in self.space.items()}

    def _spec_of(self, trial: "optuna.trial.FrozenTrial") -> RunSpec:
        return self.spec(self._values(trial))


def optuna_there() -> ModuleType:
    """Return Optuna, which is not part of a plain install; raise UserError where it is missing."""
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


def _value(kept: float | int, space: Range | list[Plain]) -> Plain:
    return kept if isinstance(space, Range) else space[int(kept)]
