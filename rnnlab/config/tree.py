"""A YAML document as a tree in which every key and value knows where it was written."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from rnnlab.errors import UserError

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Place:
    """Where something was written: a file with line and column (from 1), or the command line (line 0)."""

    file: str
    line: int = 0
    column: int = 1
    text: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    def quote(self, width: int = 110) -> str:
        """Return the source line with a caret under the column, or nothing where there is no line."""
        start = max(0, self.column - width * 2 // 3) if len(self.text) > width else 0
        line = "".join(character if character.isprintable() else " " for character in self.text[start : start + width])
        return f"\n    {line}\n    {' ' * (self.column - 1 - start)}^" if self.text.strip() else ""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, at which dotted path, what."""

    place: Place
    path: str
    message: str

    def __str__(self) -> str:
        said = ": ".join(filter(None, (str(self.place), self.path, self.message)))
        shown = (one if one.isprintable() else one.encode("unicode_escape").decode() for one in said)
        return "".join(shown) + self.place.quote()


class ConfigError(UserError):
    """A config that cannot be used, with every problem found in it."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = sorted(problems, key=lambda problem: (problem.place.file, problem.place.line, problem.place.column))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True)
class Node:
    """A mapping of nodes, a list of nodes, or a scalar, with its place and the places of its keys."""

    value: Any
    place: Place
    keys: dict[str, Place] = field(default_factory=dict)

    def plain(self) -> Any:
        """Return the value without places."""
        match self.value:
            case dict():
                return {key: child.plain() for key, child in self.value.items()}
            case list():
                return [child.plain() for child in self.value]
        return self.value

    def below(self, *path: str | int) -> "Node | None":
        """Return the node at the path, if there is one."""
        node: Node | None = self
        for part in path:
            node = node.children().get(part) if node else None
        return node

    def only(self, keys: Collection[str]) -> "Node":
        """Return the mapping with these of its keys."""
        return Node({key: child for key, child in self.value.items() if key in keys}, self.place, self.keys)

    def children(self) -> dict[str | int, "Node"]:
        """Return the nodes directly below, by key or index."""
        match self.value:
            case dict():
                return dict(self.value)
            case list():
                return dict(enumerate(self.value))
        return {}

    def places(self) -> Iterator[Place]:
        """Yield every place in the tree."""
        yield self.place
        yield from self.keys.values()
        for child in self.children().values():
            yield from child.places()


def locate(node: Node, path: Path, key: bool = False) -> Place:
    """Return the place of the value at `path` (or of its `key`), or of the nearest thing above it that was written."""
    place = written = node.place
    for part in path:
        child = node.children().get(part)
        if child is None:
            return place
        written = node.keys.get(str(part), child.place)
        node, place = child, written if isinstance(child.value, dict | list) else child.place
    return written if key else place


def merge(base: Node, over: Node) -> Node:
    """Return `base` with `over` laid upon it: mappings join, everything else is replaced.

    What is chosen by a `name` is replaced as a whole by what has another name, and a noise setting by any other.
    """
    joined = dict(base.value)
    for key, child in over.value.items():
        joined[key] = lay(joined[key], child) if key in joined else child
    return Node(joined, over.place, base.keys | over.keys)


def lay(base: Node, over: Node) -> Node:
    """Return a value merged with `over`, which takes precedence."""
    if not (isinstance(base.value, dict) and isinstance(over.value, dict)):
        return over
    names = [node.value["name"].plain() for node in (base, over) if "name" in node.value]
    noise = {"scheme", "site"} & (base.value.keys() | over.value.keys())
    return over if noise or (len(names) == 2 and names[0] != names[1]) else merge(base, over)


def put(node: Node, path: list[str], new: Node, key: Place) -> Node:
    """Return the tree with `new` at `path`, whose key was written at `key`; mappings that are missing are made.

    Raises ConfigError where the path runs through something that has no such child.
    """
    if not path:
        return lay(node, new)
    name, rest = path[0], path[1:]
    if isinstance(node.value, list):
        return _put_in_list(node, name, rest, new, key)
    if node.value is not None and not isinstance(node.value, dict):
        raise ConfigError(Problem(key, "", f"nothing called {name!r} can be below the value {node.plain()!r}"))
    children = node.value or {}
    child = put(children.get(name, Node(None, key)), rest, new, key)
    return Node(children | {name: child}, node.place, node.keys | {name: key})


def _put_in_list(node: Node, name: str, rest: list[str], new: Node, key: Place) -> Node:
    if name not in map(str, range(len(node.value))):
        raise ConfigError(Problem(key, "", f"{name!r} is no index of a list of {len(node.value)}, counted from 0"))
    index = int(name)
    items = [*node.value[:index], put(node.value[index], rest, new, key), *node.value[index + 1 :]]
    return Node(items, node.place, node.keys)
