"""Variants x grid: which variants there are, and what each changes."""

import re
from dataclasses import dataclass
from itertools import product
from math import prod

from rnnlab.config.dialect import LITERALS
from rnnlab.config.experiment import RunConfig
from rnnlab.config.explain import check
from rnnlab.config.patches import Change, patch
from rnnlab.config.tree import ConfigError, Node, Place, Problem
from rnnlab.names import folder

MAX_VARIANTS = 10_000


@dataclass(frozen=True)
class Variant:
    """A name, where it was written, and what it changes."""

    name: str
    place: Place
    changes: list[Change]

    def check(self, root: Node) -> tuple[RunConfig | None, list[Problem]]:
        """Return the run config of the changed tree, or None, and all its problems."""
        problems: list[Problem] = []
        for change in self.changes:
            try:
                root = patch(root, change)
            except ConfigError as error:
                problems += error.problems
        config, wrong = check(root, RunConfig)
        return config, problems + wrong

    def own(self, problem: Problem) -> Problem:
        """Return the problem at the variant's own line, even if it shows in a line of the base."""
        mine = {place for change in self.changes for place in (change.key, *change.value.places())}
        place = problem.place if problem.place in mine else self.place
        return Problem(place, f"{problem.path} (variant {self.name})".strip(), problem.message)


def expand(root: Node, known: list[Problem]) -> tuple[dict[str, RunConfig | None], list[Problem]]:
    """Return the run config of every variant by name, and all problems but those of the base, which are `known`."""
    base = {(problem.path, problem.message) for problem in known}
    configs: dict[str, RunConfig | None] = {}
    problems: list[Problem] = []
    for variant in _cross(root.below("compare") or Node({}, root.place)):
        if variant.name in configs:
            problems.append(Problem(variant.place, "compare.grid", f"two variants are called {variant.name!r}"))
        configs[variant.name], wrong = variant.check(root.only(RunConfig.model_fields))
        misspelt = set(RunConfig.model_fields) - root.value.keys() if known else set()
        own = [one for one in wrong if one.path not in misspelt and (one.path, one.message) not in base]
        problems += map(variant.own, own)
    return configs, problems


def _cross(compare: Node) -> list[Variant]:
    """Every variant with every point of the grid; raises ConfigError if there are too many."""
    variants, grid = (compare.below(key) or Node({}, compare.place) for key in ("variants", "grid"))
    axes = [[Change(change.path, value, change.key) for value in change.value.value] for change in _changes(grid)]
    named = [change for change in _changes(variants) if change.value.value is not None]
    if max(1, len(named)) * prod(map(len, axes)) > MAX_VARIANTS:
        raise ConfigError(Problem(grid.place, "compare.grid", f"more than {MAX_VARIANTS} variants"))
    base = Change("", Node({}, grid.place), grid.place)
    return [_variant(change, list(point)) for change, *point in product(named or [base], *axes)]


def _changes(node: Node) -> list[Change]:
    return [Change(path, value, node.keys[path]) for path, value in node.value.items()]


def _variant(named: Change, point: list[Change]) -> Variant:
    labels = [f"{change.path.rpartition('.')[2]}={_label(change.value.plain())}" for change in point]
    name = ",".join(filter(None, (named.path, *labels))) or "base"
    try:
        return Variant(folder(name), named.key, _changes(named.value) + point)
    except ValueError as error:
        raise ConfigError(Problem(point[-1].key, "compare.grid", str(error))) from None


def _label(value: object) -> str:
    """A value as part of the name of a folder."""
    match value:
        case dict():
            return "-".join(map(_label, value.values()))
        case list():
            return "-".join(map(_label, value))
        case None | bool():
            return LITERALS[value]
    return re.sub(r"[^A-Za-z0-9._+-]", "_", str(value))
