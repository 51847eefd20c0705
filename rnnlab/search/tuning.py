"""The search for the best values of every variant, which comes before the comparison; after a kill it resumes with the same
trials."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from rnnlab import files
from rnnlab.config import Experiment, tuned
from rnnlab.data.build_dataset import at_hand, build
from rnnlab.search import outdated
from rnnlab.search.variant_search import Search, optuna_there
from rnnlab.sweep import sweep
from rnnlab.sweep.selection import ALL, Selection
from rnnlab.sweep.standing import DATA
from rnnlab.sweep.sweep import Sweep

FOLDER = "_search"
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
    varied = paths(experiment)
    if varied:
        sweep.checked(experiment, runs_dir, selection, replace, beside=varied)
    best = searched(experiment, runs_dir, say, replace)
    return sweep.run(best, runs_dir, selection=selection, replace=replace, found=varied, **settings)


def searched(experiment: Experiment, runs_dir: str | Path, say: Callable[[str], None], replace: bool = False) -> Experiment:
    """Return the experiment with the best values of each variant, found now where they have not been; itself without a search.

    Raises ConfigError where the first values of its ranges do not fit, and UserError where Optuna is missing, where the folder
    has the search of another config or of other data, unless `replace` lets it be moved aside, and where every trial of a
    variant diverged. The search of other code is moved aside and made again.
    """
    search = experiment.config.search
    if not search:
        return experiment
    from filelock import FileLock

    searches = list(_searches(experiment, runs_dir))
    tuned(experiment, {one.variant: one.first for one in searches})
    optuna_there()
    folder = files.make(_folder(experiment, runs_dir))
    with FileLock(folder / ".lock"):
        for one in searches:
            one.mend(say)
        outdated.make_room(folder.parent, searches, cache(build), say, replace)
        best = {one.variant: one.run(say) for one in searches}
    return tuned(experiment, best)


def paths(experiment: Experiment) -> set[str]:
    """Return the dotted paths for whose values any variant is searched."""
    search = experiment.config.search
    spaces = [search.of(name) for name in experiment.variants] if search else []
    named = {path for space in spaces for path in space}
    layers = range(len(experiment.config.model.recurrent))
    inner = {f"model.recurrent.{layer}.{path}" for path in named if "." not in path for layer in layers}
    return named | inner | ({DATA} if any(path.partition(".")[0] == "data" for path in named) else set())


def finished(experiment: Experiment, runs_dir: str | Path) -> Experiment | None:
    """Return the experiment with the values of a search that has ended; None where it has not, or there is none."""
    searches, dataset = list(_searches(experiment, runs_dir)), cache(at_hand)
    if not experiment.config.search or not all(outdated.complete(one, dataset) for one in searches):
        return None
    return tuned(experiment, {one.variant: one.best() for one in searches})


def outlook(experiment: Experiment, runs_dir: str | Path) -> Iterator[str]:
    """Yield in words for each variant that is searched what is tried, how often still, and which trials don't count."""
    dataset = cache(at_hand)
    for one in _searches(experiment, runs_dir):
        yield from outdated.outlook(one, dataset)


def _folder(experiment: Experiment, runs_dir: str | Path) -> Path:
    """Where the search of an experiment keeps its trials; UserError where a symbolic link leads elsewhere."""
    folder = Path(runs_dir) / experiment.name / FOLDER
    files.refuse_links(folder.parent, folder, *folder.rglob("*"))
    return folder


def _searches(experiment: Experiment, runs_dir: str | Path) -> Iterator[Search]:
    """The searches of the variants that have a space."""
    if search := experiment.config.search:
        folder = _folder(experiment, runs_dir)
        yield from (Search(experiment, name, folder) for name in experiment.variants if search.of(name))
