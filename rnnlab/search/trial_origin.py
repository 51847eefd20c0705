"""What the trials of a search were made of: a trial is a run, and counts where a run of the same origin would."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rnnlab.config import RunSpec
from rnnlab.config.identity import SCHEMA, differences
from rnnlab.data.data_config import DataConfig
from rnnlab.data.dataset import Dataset
from rnnlab.documents import Fields, Record
from rnnlab.storage.run_origin import Provenance, RunOrigin
from rnnlab.sweep.makers import present
from rnnlab.sweep.origin import origin_of
from rnnlab.sweep.standing import in_words, unlike

if TYPE_CHECKING:
    import optuna

SEARCH, ORIGIN = "search", "origin"
"""The attributes of a study and of a trial that say what they were made of."""
ALIKE = ("schema", "data", "parts", "python", "versions", "code", "backend", "numbers")
"""The fields of an origin beside the config: trials that are equal in them are compared once."""
OTHER_VERSION = f"schema: not set -> {SCHEMA} (another version of rnnlab made what is there)"


@dataclass(frozen=True)
class Trials:
    """The trials of a search, as they stand to the present config, data, code and versions."""

    ended: int = 0
    """How many have ended."""
    unlike: list[str] = field(default_factory=list)
    """What differs in config, data and code of the parts, `path: old -> new`; no trial counts where anything does."""
    makers: list[str] = field(default_factory=list)
    """What differs in versions and code of rnnlab: no trials are added to those of others."""

    @property
    def done(self) -> int:
        """How many trials count."""
        return 0 if self.unlike else self.ended


def note(trial: "optuna.Trial", spec: RunSpec, dataset: Dataset, where: Provenance) -> None:
    """Note at a trial, unless it is noted, what it is made of and `where`."""
    if ORIGIN not in trial.user_attrs:
        trial.set_user_attr(ORIGIN, origin_of(spec, dataset, where).document())


def compared(
    study: "optuna.Study",
    search: Fields,
    spec_of: Callable[["optuna.trial.FrozenTrial"], RunSpec],
    dataset: Callable[[DataConfig], Dataset | None],
) -> Trials:
    """Return how the trials of a study stand to what decides their values now, and to the runs that they are now."""
    trials, then = study.trials, study.user_attrs.get(SEARCH)
    ended = sum(trial.state.is_finished() for trial in trials)
    if not trials:
        return Trials()
    if then is None:
        return Trials(ended, [OTHER_VERSION])
    if lines := in_words(differences({SEARCH: then}, {SEARCH: json.loads(json.dumps(search))})):
        return Trials(ended, lines)
    now, makers = present().makers, Record()
    for trial in _different([trial for trial in trials if ORIGIN in trial.user_attrs]):
        origin = RunOrigin.of(trial.user_attrs[ORIGIN])
        spec = spec_of(trial)
        lines += unlike(spec, origin, dataset(spec.config.data))
        makers |= differences(origin.makers, now)
    return Trials(ended, [*dict.fromkeys(lines)], in_words(makers))


def _different(trials: "list[optuna.trial.FrozenTrial]") -> "Iterator[optuna.trial.FrozenTrial]":
    """One trial for every combination of data, code and versions: a search may have thousands of trials."""
    seen = {json.dumps([trial.user_attrs[ORIGIN].get(name) for name in ALIKE]): trial for trial in reversed(trials)}
    yield from reversed(seen.values())
