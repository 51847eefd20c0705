"""New values at dotted paths: `extends`, the command line, variants, grids."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rnnlab.config.experiment import ExperimentConfig, RunConfig
from rnnlab.config.reader import parse, read
from rnnlab.config.tree import ConfigError, Node, Place, Problem, merge, put
from rnnlab.models.recurrent_config import layer_fields
from rnnlab.names import nearest

SECTIONS = tuple(key for key in RunConfig.model_fields if key not in ("name", "plugins"))
"""What a variant can change."""


def load_tree(path: Path, overrides: Iterable[str] = ()) -> Node:
    """Return the tree of a file, merged with what it extends, with `path=value` overrides applied. Raises ConfigError."""
    root = _extended(path, (), None)
    problems: list[Problem] = []
    for argument in overrides:
        try:
            root = _override(root, argument)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(*problems)
    return root


def _extended(path: Path, below: tuple[Path, ...], asked: Place | None) -> Node:
    """The tree of a file that the files `below` extend."""
    root = read(path, asked)
    if "extends" not in root.value:
        return root
    parent, chain = root.value["extends"], (*below, path.resolve())
    if not isinstance(parent.value, str):
        raise ConfigError(Problem(parent.place, "extends", f"must be the path of a file, got {parent.plain()!r}"))
    target = path.parent / parent.value
    if target.resolve() in chain:
        files = " -> ".join(file.name for file in (*chain, target.resolve()))
        raise ConfigError(Problem(parent.place, "extends", f"a file cannot extend itself: {files}"))
    return merge(_extended(target, chain, parent.place), root.only(root.value.keys() - {"extends"}))


def _override(root: Node, argument: str) -> Node:
    path, separator, text = argument.partition("=")
    place = Place("command line", 0, 1, argument)
    if not separator or not path:
        raise ConfigError(Problem(place, "", "an override is path=value, for instance training.epochs=2"))
    value = parse(" " * (len(path) + 1) + text, "command line", argument)
    return patch(root, Change(path, value, place), ExperimentConfig.model_fields)


@dataclass(frozen=True)
class Change:
    """A new value: its dotted path or field of the recurrent layers, and where it was written."""

    path: str
    value: Node
    key: Place


def patch(root: Node, change: Change, roots: Iterable[str] = SECTIONS) -> Node:
    """Return the tree with the new value at its path below one of the `roots`, or in that field of every recurrent layer.

    Raises ConfigError at the key if there can be no such path.
    """
    path, value, key = change.path, change.value, change.key
    if path in layer_fields():
        return _patch_layers(root, path, value, key)
    if path.partition(".")[0] in roots:
        try:
            return put(root, _split(path), value, key)
        except ConfigError as error:
            raise ConfigError(Problem(key, path, error.problems[0].message)) from None
    known = (*layer_fields(), *roots)
    message = f"neither a field of a recurrent layer nor a path of the config{nearest(path.partition('.')[0], known)}"
    raise ConfigError(Problem(key, path, f"{message}; allowed: {', '.join(known)}"))


def _patch_layers(root: Node, field: str, value: Node, key: Place) -> Node:
    layers = root.below("model", "recurrent")
    for index, layer in enumerate(layers.value if layers and isinstance(layers.value, list) else ()):
        if isinstance(layer.value, dict):  # otherwise the base reports it
            root = put(root, ["model", "recurrent", str(index), field], value, key)
    return root


def _split(path: str) -> list[str]:
    """The keys of a dotted path; a path inside a variant or grid is one key there."""
    keys = path.split(".")
    own = {"compare.variants": 3, "compare.grid": 2}.get(".".join(keys[:2]), len(keys))
    return [*keys[:own], *filter(None, [".".join(keys[own:])])]
