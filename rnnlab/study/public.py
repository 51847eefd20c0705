"""The ways into the package: load a config, run it, open its results."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from rnnlab.config import Experiment
from rnnlab.config import load as load_config
from rnnlab.documents import Fields
from rnnlab.errors import UserError
from rnnlab.study.ranks import Ranks
from rnnlab.study.study import Study

Overrides = Fields | Iterable[str]


def load(file: str | Path, overrides: Overrides = ()) -> Experiment:
    """Return the experiment that a YAML file declares.

    `overrides` are values by dotted path, `{"compare.seeds": 8}`, or the strings of the command line, `["compare.seeds=8"]`.
    Raises ConfigError, which names everything that is wrong and where it was written.
    """
    if isinstance(overrides, Mapping):
        overrides = [f"{path}={json.dumps(value)}" for path, value in overrides.items()]
    return load_config(file, overrides)


def run(
    experiment: Experiment | str | Path,
    runs: str | Path = "runs",
    *,
    only: Iterable[str] = (),
    shard: str = "1/1",
    retry_failed: bool = False,
    fail_fast: bool = False,
    say: Callable[[str], None] = print,
    **settings: Any,
) -> Study:
    """Train every run of an experiment that has no result yet in the folder `runs`; return its study.

    `only` names variants, `shard` is the I-th of N shares of the runs, I/N. `retry_failed` trains failed runs again;
    `fail_fast` stops at the first run that fails or diverges. `say` takes the lines of a search; other `settings` are
    handed to `rnnlab.sweep.sweep.run`. Trackers also get the report, which is then in the study's folder. Called again after
    an interruption, it trains what is missing. It needs no main guard: worker processes never import the calling script. Raises
    UserError where config, data or folder don't fit.
    """
    from rnnlab.search import tuning
    from rnnlab.sweep.selection import Selection

    if not isinstance(experiment, Experiment):
        experiment = load(experiment)
    selection = Selection.of(tuple(only), shard)
    swept = tuning.run(experiment, runs, say, selection, retry_failed=retry_failed, fail_fast=fail_fast, **settings)
    study = Study(swept.folder, sweep=swept)
    if experiment.config.trackers and swept.made:
        _tell_report(experiment, study, say)
    return study


def _tell_report(experiment: Experiment, study: Study, say: Callable[[str], None]) -> None:
    """Give the report to the trackers, as `rnnlab run` does; with a share of the runs there may be nothing to report yet."""
    from rnnlab.sweep import tracking

    try:
        tracking.report(experiment, study.folder, study.report(), say)
    except UserError as error:
        say(f"The trackers get no report yet: {error}")


def rank(studies: Iterable[Study | str | Path], only: Collection[str] = ()) -> Ranks:
    """Rank the variants of two or more studies, each a task by its own metric; nothing is written.

    `studies` are studies, their folders, or files comparison.json; `only` chooses variants, the baseline always being one.
    Friedman's test and the critical difference of mean ranks take the tasks for independent: two cells on one data set are not.
    Raises UserError where variants or baselines differ, where runs have not ended, and below two studies.
    """
    return Ranks.of(studies, only)


def open_study(folder: str | Path) -> Study:
    """Return the study of an experiment's folder of results; nothing is written. Raises UserError where it is none."""
    study = Study(Path(folder))
    study.record  # noqa: B018  it is refused here, not at its first use
    return study
