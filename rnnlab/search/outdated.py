"""Searches whose trials don't count any more are refused or moved aside, as runs are."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rnnlab.data.data_config import DataConfig
from rnnlab.data.dataset import Dataset
from rnnlab.search.trial_origin import Trials
from rnnlab.search.variant_search import JOURNAL, Search
from rnnlab.storage import aside
from rnnlab.sweep.conflicts import of_code, refuse

SEARCHES = ("search", "searches")


def make_room(
    experiment: Path,
    searches: Sequence[Search],
    dataset: Callable[[DataConfig], Dataset],
    say: Callable[[str], None],
    replace: bool,
) -> None:
    """Move aside, and say why, the trials of other code, and those of others than makes trials now if trials are missing.

    Raises UserError, with nothing moved, where trials are of another config or other data, unless `replace` lets them be moved
    too. The caller has the right to write into the searches' folders.
    """
    known = [(search, search.trials(dataset)) for search in searches]
    if not replace:
        other = {search.spec(search.first): trials.unlike for search, trials in known if not _of_code(trials)}
        refuse(experiment, other, SEARCHES)
    place = aside.place(experiment)
    for search, trials in known:
        if why := _why(search, trials):
            names = sorted((path.name for path in search.folder.iterdir()), key=lambda name: name != JOURNAL)
            to = aside.move(search.folder, place, why, tuple(names))
            say(f"search: {search.variant} is searched anew ({why}); its trials are moved to {to}")
        else:
            for line in _kept(search, trials):
                say(line)


def outlook(search: Search, dataset: Callable[[DataConfig], Dataset | None]) -> Iterator[str]:
    """Yield in words what is tried, how often still, and what becomes of trials that don't count."""
    trials, epochs = search.trials(dataset), search.experiment.variants[search.variant].training.epochs
    why = _why(search, trials)
    yield (
        f"search: {search.variant}: {search.section.trials} trials of up to {epochs} epochs over {', '.join(search.space)}; "
        f"{0 if why else min(trials.done, search.section.trials)} done"
    )
    if why:
        asked = "" if _of_code(trials) else "run refuses that without --replace or another name="
        yield f"search: {search.variant} has other trials: {why}; {asked or 'run moves them aside and searches anew'}"
    else:
        yield from _kept(search, trials)


def complete(search: Search, dataset: Callable[[DataConfig], Dataset | None]) -> bool:
    """Return whether no trial of a search is missing."""
    return search.trials(dataset).done >= search.section.trials


def _of_code(trials: Trials) -> bool:
    """Whether trials need not be asked for: only code differs, or nothing."""
    return all(map(of_code, trials.unlike))


def _why(search: Search, trials: Trials) -> str:
    """Why trials don't count; empty where they do."""
    missing = trials.done < search.section.trials
    return "; ".join(trials.unlike or (trials.makers if missing else []))


def _kept(search: Search, trials: Trials) -> Iterator[str]:
    if trials.makers:
        yield f"search: {search.variant} was made by other code or versions and is kept: {'; '.join(trials.makers)}"
