"""Folders of runs become one table of runs by variant and seed, those included that are planned but missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rnnlab.config import RunSpec, load
from rnnlab.config.identity import MISSING
from rnnlab.documents import Record
from rnnlab.errors import UserError
from rnnlab.names import nearest
from rnnlab.storage.run_origin import read_origin
from rnnlab.storage.run_result import RunResult
from rnnlab.storage.store import EXPERIMENT, ExperimentRecord, RunRecord, read

Runs = dict[str, dict[int, RunRecord | None]]
"""By variant and seed; None where a planned run has not been started."""
PlannedRuns = dict[str, dict[int, RunSpec | None]]
"""By variant and seed; None where the config can't be known."""


@dataclass(frozen=True)
class Gathered:
    """The runs of one or several folders; a variant is called experiment/variant where they hold several experiments."""

    records: list[ExperimentRecord]
    runs: Runs
    baseline: str
    declared: bool
    """Whether this is one experiment with the baseline that its own config names."""

    @property
    def experiments(self) -> list[str]:
        """The names of the experiments."""
        return list(dict.fromkeys(record.name for record in self.records))

    @property
    def results(self) -> list[RunResult]:
        """The results of all runs that have one."""
        return [run.result for of in self.runs.values() for run in of.values() if run and run.result]

    @cached_property
    def configs(self) -> dict[str, Record]:
        """The resolved config of every variant that has been started."""
        first = {name: next((run for run in of.values() if run), None) for name, of in self.runs.items()}
        return {name: read_origin(run.folder).config for name, run in first.items() if run}

    @property
    def compare(self) -> Record:
        """The compare section of the first experiment, where there is only one; else nothing."""
        return dict(self.records[0].document["compare"]) if len(self.experiments) == 1 else {}


def gather(folders: Sequence[str | Path], baseline: str | None = None) -> Gathered:
    """Read the folders of experiments; the baseline is the first experiment's own unless another is named.

    Folders of the same experiment (its seeds spread over machines) become one. Raises UserError where a folder is not an
    experiment, where two folders hold different runs under one variant and seed, and where the baseline is unknown.
    """
    records = [read(folder) for folder in folders]
    several = len({record.name for record in records}) > 1
    runs: Runs = {}
    for record in records:
        for variant, planned in _plan(record).items():
            _merge(runs.setdefault(f"{record.name}/{variant}" if several else variant, {}), _made(record, variant, planned))
    declared = str(records[0].document["compare"]["baseline"])
    chosen = baseline or (f"{records[0].name}/{declared}" if several else declared)
    if chosen not in runs:
        raise UserError(f"there is no variant {chosen!r}{nearest(chosen, runs)}; the variants are {', '.join(runs)}")
    return Gathered(records, runs, chosen, declared=not several and chosen == declared)


def _plan(record: ExperimentRecord) -> PlannedRuns:
    """Return by variant and seed every planned run; None where its config can't be known: a lost file."""
    from rnnlab.config.pinned import whole

    plan: PlannedRuns = {}
    try:
        experiment = load(record.folder / EXPERIMENT, plugins=False)
    except UserError:  # a config of another version, or with parts of one's own, which reading does not import
        return _declared(record)
    same = experiment.document == record.document
    for spec in experiment.runs():
        plan.setdefault(spec.variant, {})[spec.seed] = spec if same and whole(spec.config) else None
    return plan


def _declared(record: ExperimentRecord) -> PlannedRuns:
    """Return the plan as far as an unchecked config tells it: variants in their order, seeds, and what the folder holds.

    A variant that the config no longer names has the seeds that are there, and no more to come.
    """
    compare = record.document["compare"]
    named = [] if compare.get("grid") else [name for name, patch in compare.get("variants", {}).items() if patch is not None]
    held = dict.fromkeys(run.variant for run in record.runs)
    first, number = compare.get("first_seed", 1), 0 if compare.get("folds") else compare.get("seeds", 0)
    plan: PlannedRuns = {
        name: dict.fromkeys(range(first, first + number) if name in named or not named else ())
        for name in dict.fromkeys([*named, *held])
    }
    for run in record.runs:
        plan[run.variant][run.seed] = None
    return plan


def _made(record: ExperimentRecord, variant: str, planned: Mapping[int, RunSpec | None]) -> dict[int, RunRecord | None]:
    """Return the planned runs of a variant; one that was made from another config, before a change, is not among them."""
    runs = {run.seed: run for run in record.runs if run.variant == variant}
    return {seed: _valid(runs.get(seed), spec) for seed, spec in planned.items()}


def _valid(run: RunRecord | None, spec: RunSpec | None) -> RunRecord | None:
    """Return a run unless its config is another one; its backend and the code of its parts are its own, for nothing is made."""
    if not (run and run.result and spec):
        return run
    return run if run.result.fingerprint == spec.fingerprint_on(run.backend, run.result.parts) else None


def _merge(into: dict[int, RunRecord | None], runs: Mapping[int, RunRecord | None]) -> None:
    """Add runs of the same variant from another folder; of two records of one run the one that has ended counts."""
    for seed, run in runs.items():
        known = into.get(seed)
        if known and run and known.result and run.result and known.result.fingerprint != run.result.fingerprint:
            raise UserError(
                f"{known.folder} and {run.folder} are different runs of one variant and seed (fingerprints "
                f"{known.result.fingerprint[:12]}, {run.result.fingerprint[:12]}): give one experiment another name"
            )
        into[seed] = known if known and (known.result or run is None) else run


def mixed_makers(results: Sequence[RunResult]) -> dict[str, list[str]]:
    """Return what differs between the makers of the runs, every value by name; empty where nothing does.

    >>> mixed_makers([RunResult(status="done", makers={"keras": version}) for version in ("3.14", "3.15")])
    {'keras': ['3.14', '3.15']}
    """
    known = [result.makers for result in results if result.makers]
    names = sorted({name for one in known for name in one})
    values = {name: sorted({one.get(name, MISSING) for one in known}) for name in names}
    return {name: of for name, of in values.items() if len(of) > 1}
