"""A config file becomes an experiment: its variants, its seeds, its runs."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from rnnlab.config import identity
from rnnlab.config.compatibility import foldable
from rnnlab.config.dialect import dump
from rnnlab.config.experiment import ExperimentConfig, RunConfig
from rnnlab.config.explain import check
from rnnlab.config.fold_runs import in_fold
from rnnlab.config.patches import load_tree
from rnnlab.config.pinned import pinned
from rnnlab.config.plugged import with_plugins
from rnnlab.config.reader import parse
from rnnlab.config.tree import ConfigError, Node, Problem
from rnnlab.config.variants import expand
from rnnlab.documents import Fields, Record
from rnnlab.names import nearest


@dataclass(frozen=True)
class RunSpec:
    """One run: a variant of an experiment with a seed."""

    experiment: str
    variant: str
    seed: int
    config: RunConfig = field(hash=False)

    @property
    def fingerprint(self) -> str:
        """The fingerprint of config and seed, equal for runs that are the same; see `rnnlab.config.identity`."""
        return self.fingerprint_on(None)

    def fingerprint_on(self, backend: str | None, parts: Mapping[str, str] | None = None) -> str:
        """The same of the run as a backend computes it, the present one where it is None and the config names none.

        `parts` are the fingerprints of the code of its parts, where they are not those of the present code.
        """
        return identity.fingerprint(identity.values(self.config, backend, parts), self.seed)

    @property
    def training_fingerprint(self) -> str:
        """The fingerprint of what determines the weights, so that a run isn't trained again if only its evaluation has
        changed."""
        return identity.fingerprint(identity.values(self.config), self.seed, "evaluation")


def fingerprints(runs: Collection[RunSpec]) -> dict[RunSpec, str]:
    """Return the fingerprint of each run; what its seeds share is worked out once for a config."""
    configs = {id(spec.config): spec.config for spec in runs}
    values = {key: identity.values(config) for key, config in configs.items()}
    return {spec: identity.fingerprint(values[id(spec.config)], spec.seed) for spec in runs}


@dataclass(frozen=True)
class Experiment:
    """A checked config with its variants written out."""

    config: ExperimentConfig
    variants: dict[str, RunConfig]

    @property
    def name(self) -> str:
        """The experiment's name and folder."""
        return self.config.name

    @property
    def baseline(self) -> str:
        """The variant that the others are compared with."""
        return str(self.config.compare.baseline)

    @property
    def document(self) -> Record:
        """The config with every default written out; as YAML it loads again as an equal experiment."""
        return self.config.model_dump()

    @classmethod
    def from_dict(cls, document: Fields) -> "Experiment":
        """Return the experiment that plain values declare, as a file would; raise ConfigError that lists all problems."""
        return from_tree(parse(dump(dict(document)), "the dict"))

    def runs(self) -> list[RunSpec]:
        """Return every run: all variants with the first seed, then with the next one, so that pairs are complete early.

        With folds every pair of a seed and a fold is one run, with a seed of its own.
        """
        compare = self.config.compare
        configs = {variant: pinned(config) for variant, config in self.variants.items()}
        return [
            RunSpec(self.name, variant, compare.first_seed + run, in_fold(config, run, compare.folds))
            for run in range(compare.seeds * (compare.folds or 1))
            for variant, config in configs.items()
        ]

    @property
    def first_runs(self) -> dict[str, RunConfig]:
        """The config of the first run of each variant."""
        return {variant: in_fold(config, 0, self.config.compare.folds) for variant, config in self.variants.items()}


def load(path: str | Path, overrides: Iterable[str] = (), plugins: bool = True) -> Experiment:
    """Return the experiment in a YAML file, with `path=value` overrides; import its plug-ins unless `plugins` is false.

    Raises ConfigError that lists all problems, each with its place.
    """
    return from_tree(load_tree(Path(path), overrides), plugins)


def tuned(experiment: Experiment, best: Mapping[str, Fields]) -> Experiment:
    """Return the experiment without its search, with the values found for its variants, by dotted path or layer field.

    Raises ConfigError if a value does not fit.
    """
    document = experiment.document
    variants = document["compare"]["variants"] or {"base": {}}
    document["compare"]["variants"] = {
        name: None if patch is None else {**patch, **best.get(name, {})} for name, patch in variants.items()
    }
    return from_tree(parse(dump({**document, "search": None}), "search"))


def from_tree(root: Node, plugins: bool = True) -> Experiment:
    """Return the experiment that a tree declares; raise ConfigError that lists all problems."""
    root = with_plugins(root, plugins)
    config, problems = check(root, ExperimentConfig)
    variants: dict[str, RunConfig | None] = {}
    if not any(problem.path.split(".")[0] == "compare" for problem in problems):
        variants, more = expand(root, problems)
        problems += [*more, *_baseline(root, variants)]
    checked = {name: run for name, run in variants.items() if run}
    if config and config.compare.folds and not problems:
        problems += _unfoldable(root, checked, config.compare.folds)
    if config is None or problems:
        raise ConfigError(*{(problem.place, problem.message): problem for problem in problems}.values())
    compare = config.compare.model_copy(update={"baseline": config.compare.baseline or next(iter(checked))})
    return Experiment(config.model_copy(update={"compare": compare}), checked)


def _unfoldable(root: Node, variants: Mapping[str, RunConfig], count: int) -> Iterator[Problem]:
    """The variants whose data cannot be split into folds."""
    folds = root.below("compare", "folds")
    for name, run in variants.items():
        try:
            foldable(run.data, count)
        except ValidationError as error:
            yield Problem((folds or root).place, f"compare.folds (variant {name})", error.errors()[0]["msg"])


def _baseline(root: Node, variants: Collection[str]) -> Iterator[Problem]:
    """What is wrong with the baseline's name."""
    baseline = root.below("compare", "baseline")
    if baseline and baseline.value is not None and baseline.value not in variants:
        message = f"there is no variant {baseline.value!r}{nearest(baseline.value, variants)}"
        names = [*variants][:12] + ["..."] * (len(variants) > 12)
        yield Problem(baseline.place, "compare.baseline", f"{message}; the variants are {'; '.join(names)}")
