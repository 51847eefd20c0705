"""Folders of runs become one table of runs by variant and seed, the planned but missing ones among them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rnnlab.analysis.figures import count
from rnnlab.errors import UserError
from rnnlab.names import nearest
from rnnlab.runs.store import EXPERIMENT, RUN, ExperimentRecord, RunRecord, read

Runs = dict[str, dict[int, RunRecord | None]]
"""By variant and seed; None where a planned run has not been started."""


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
    def results(self) -> list[dict[str, Any]]:
        """The results of all runs that have one."""
        return [run.result for of in self.runs.values() for run in of.values() if run and run.result]

    @property
    def unit(self) -> str:
        """What words_per_second counts."""
        return next((result["unit"] for result in self.results if result.get("unit")), "words")

    @property
    def selection(self) -> str:
        """How the epoch of every figure was chosen, in words."""
        sections = [config["training"] for config in self.configs.values()]
        figures = dict.fromkeys(section["monitor"].removeprefix("val_").replace("_", " ") for section in sections)
        return f"best epoch by validation {' or '.join(figures)}; {' or '.join(dict.fromkeys(map(_budget, sections)))}"

    @property
    def margin(self) -> float | None:
        """The margin of equivalence that the first experiment declares."""
        return self.records[0].document["compare"].get("margin")

    @property
    def configs(self) -> dict[str, dict[str, Any]]:
        """The resolved config of every variant that has been started."""
        first = {name: next((run for run in of.values() if run), None) for name, of in self.runs.items()}
        return {name: origin(run)["config"] for name, run in first.items() if run}

    @property
    def origins(self) -> list[dict[str, Any]]:
        """What every run was made of and where."""
        return [origin(run) for of in self.runs.values() for run in of.values() if run]

    def values(self, path: str) -> dict[str, str]:
        """Return for every variant "key=value" of the config at a dotted path; raises UserError where there is none."""
        configs = {name: parts(self.configs.get(name, {})) for name in self.runs}
        lacking = [name for name, config in configs.items() if path not in config]
        if lacking:
            known = {key for config in configs.values() for key in config}
            raise UserError(f"the config of {', '.join(lacking)} has no {path!r}{nearest(path, known)}")
        return {name: f"{path.rpartition('.')[2]}={config[path]}" for name, config in configs.items()}

    @property
    def levels(self) -> dict[str, dict[str, str]]:
        """The value of each factor of the grid by variant, where there is one experiment with a grid, all of it started."""
        compare = self.records[0].document["compare"]
        named, grid = compare.get("variants") or {}, compare.get("grid") or {}
        if len(self.experiments) > 1 or not grid or self.configs.keys() != self.runs.keys():
            return {}
        paths = {key: key if "." in key else f"model.recurrent.0.{key}" for key in grid}
        found = {name: parts(config) for name, config in self.configs.items()}
        points = {name: {key: str(config.get(path)) for key, path in paths.items()} for name, config in found.items()}
        return {name: {"variant": _named(name, named), **point} for name, point in points.items()}


def gather(folders: Sequence[str | Path], baseline: str | None = None) -> Gathered:
    """Read the folders of experiments; the baseline is the first experiment's own unless another is named.

    Folders of the same experiment (its seeds spread over machines) become one. Raises UserError where a folder is no
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


def origin(run: RunRecord) -> dict[str, Any]:
    """Return what the run was made of and where: the contents of its run.yaml."""
    return yaml.load((run.folder / RUN).read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def parts(value: Any, path: str = "") -> dict[str, Any]:
    """Return every part of nested mappings and lists, inner ones and leaves, by dotted path.

    >>> parts({"model": {"recurrent": [{"units": 96}]}})["model.recurrent.0"]
    {'units': 96}
    """
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = {key: part for name, one in inner for key, part in parts(one, f"{path}.{name}".lstrip(".")).items()}
    return {path: value, **below} if path else below


def flatten(value: Any) -> dict[str, Any]:
    """Return the leaves of nested mappings and lists by dotted path.

    >>> flatten({"model": {"recurrent": [{"units": 96}]}, "name": "quickstart"})
    {'model.recurrent.0.units': 96, 'name': 'quickstart'}
    """
    return {path: part for path, part in parts(value).items() if not isinstance(part, dict | list) or not part}


def _budget(training: Mapping[str, Any]) -> str:
    stopping = training.get("early_stopping")
    if stopping:
        return f"at most {count(training['epochs'], 'epoch')}, stopped after {stopping['patience']} without a better one"
    return f"always {count(training['epochs'], 'epoch')}"


def _named(variant: str, names: Iterable[str]) -> str:
    """Return which of the named variants a point of the grid belongs to: it begins with that name."""
    return max((name for name in names if f"{variant},".startswith(f"{name},")), key=len, default="")


def _plan(record: ExperimentRecord) -> dict[str, dict[int, str | None]]:
    """Return by variant and seed the fingerprint of every planned run; None where only the folder knows of it."""
    from rnnlab.config import load

    plan: dict[str, dict[int, str | None]] = {}
    try:
        for spec in load(record.folder / EXPERIMENT).runs():
            plan.setdefault(spec.variant, {})[spec.seed] = spec.fingerprint
    except UserError:  # written by another version: what the folder holds is the plan
        for run in record.runs:
            plan.setdefault(run.variant, {})[run.seed] = None
    return plan


def _made(record: ExperimentRecord, variant: str, planned: Mapping[int, str | None]) -> dict[int, RunRecord | None]:
    """Return the planned runs of a variant; one that was made from another config, before a change, is not among them."""
    runs = {run.seed: run for run in record.runs if run.variant == variant}
    return {seed: _valid(runs.get(seed), fingerprint) for seed, fingerprint in planned.items()}


def _valid(run: RunRecord | None, fingerprint: str | None) -> RunRecord | None:
    stale = run and run.result and fingerprint and run.result["fingerprint"] != fingerprint
    return None if stale else run


def _merge(into: dict[int, RunRecord | None], runs: Mapping[int, RunRecord | None]) -> None:
    """Add runs of the same variant from another folder; of two records of one run the one that has ended counts."""
    for seed, run in runs.items():
        known = into.get(seed)
        if known and run and known.result and run.result and known.result["fingerprint"] != run.result["fingerprint"]:
            raise UserError(
                f"{known.folder} and {run.folder} are different runs of one variant and seed (fingerprints "
                f"{known.result['fingerprint'][:12]} and {run.result['fingerprint'][:12]}): give one experiment another name"
            )
        into[seed] = known if known and (known.result or run is None) else run
