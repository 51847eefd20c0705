"""YAML text becomes a tree with places; what cannot be read, or is too large, is a ConfigError that says where."""

from pathlib import Path
from typing import NoReturn

import yaml

from rnnlab.config.dialect import Loader, scalar
from rnnlab.config.tree import ConfigError, Node, Place, Problem
from rnnlab.names import nearest

MAX_BYTES, MAX_NODES = 262_144, 20_000


def read(path: Path, asked: Place | None = None) -> Node:
    """Return the tree of the file at `path`, which somebody `asked` for at a place.

    Raises ConfigError where there is no readable file or its text is not a mapping.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        _refuse(asked or Place(str(path)), _unreadable(path, error))
    start = Place(str(path), 1)
    if len(data) > MAX_BYTES:
        _refuse(start, f"larger than {MAX_BYTES // 1024} KiB; a config is a short text")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = Place(str(path), data[: error.start].count(b"\n") + 1)
        _refuse(place, f"not UTF-8 text: byte {data[error.start]:#04x} at position {error.start}")
    root = parse(text, str(path))
    if not isinstance(root.value, dict):
        _refuse(root.place, f"a config is a mapping (name: ..., data: ...), got {root.plain()!r}"[:200])
    return root


def parse(text: str, file: str, argument: str = "") -> Node:
    """Return the tree of a YAML document called `file`, or of the value of a command-line `argument`.

    Raises ConfigError with the place of what cannot be read.
    """
    source = _NodeReader(text, file, argument)
    try:
        loader = Loader(text)
        root = loader.get_single_node()
        return source.node(root) if root else _refuse(source.place(None), "empty: nothing is written here")
    except yaml.MarkedYAMLError as error:
        _refuse(source.place(error.problem_mark or error.context_mark), _unparsable(error))
    except yaml.reader.ReaderError as error:
        lines = text[: error.position].splitlines() or [""]
        _refuse(source.at(len(lines) - 1, len(lines[-1])), f"the character U+{int(error.character):04X} is not allowed")
    except (ValueError, OverflowError) as error:
        _refuse(source.place(loader.get_mark()), str(error))


class _NodeReader:
    """Turns PyYAML's nodes into ours, counting them, since nested aliases can expand to billions."""

    def __init__(self, text: str, file: str, argument: str) -> None:
        self.lines, self.file, self.argument, self.count = text.splitlines(), file, argument, 0

    def place(self, mark: yaml.Mark | None) -> Place:
        return self.at(mark.line, mark.column) if mark else self.at(0, 0)

    def at(self, line: int, column: int) -> Place:
        """The place of a line and column counted from 0."""
        if self.argument:
            return Place(self.file, 0, column + 1, self.argument)
        return Place(self.file, line + 1, column + 1, self.lines[line] if line < len(self.lines) else "")

    def node(self, node: yaml.Node, depth: int = 0) -> Node:
        place = self.place(node.start_mark)
        self.count += 1
        if self.count > MAX_NODES or depth > 64:
            _refuse(place, f"more than {MAX_NODES} values, or an alias that contains itself")
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, place, depth)
        if isinstance(node, yaml.SequenceNode):
            return Node([self.node(child, depth + 1) for child in node.value], place)
        return Node(scalar(node), place)

    def mapping(self, node: yaml.MappingNode, place: Place, depth: int) -> Node:
        keys: dict[str, Place] = {}
        children = {}
        for key, child in node.value:
            here = self.place(key.start_mark)
            if not isinstance(key, yaml.ScalarNode):
                _refuse(here, "a key must be text, not a list or mapping")
            name = str(key.value)
            if name in keys:
                _refuse(here, f"the key {name!r} occurs twice, first in line {keys[name].line}")
            keys[name], children[name] = here, self.node(child, depth + 1)
        return Node(children, place, keys)


def _unparsable(error: yaml.MarkedYAMLError) -> str:
    """What is wrong with a text as YAML; there a star has a special meaning, which few configs intend."""
    said = ", ".join(filter(None, (error.context, error.problem)))
    if "'\\t'" in said:
        return "YAML allows no tab here; use spaces before a key and after its colon"
    return f'a value that begins with * needs quotes, as in "*.csv" ({said})' if "alias" in said else said


def _unreadable(path: Path, error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        names = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        return f"there is no file {str(path)!r}{nearest(path.name, names)}"
    if isinstance(error, IsADirectoryError):
        inside = sorted(entry.name for entry in path.glob("*.yaml"))
        return f"{str(path)!r} is a folder, not a file" + (f"; it contains {', '.join(inside[:10])}" if inside else "")
    return f"cannot read {str(path)!r}: {getattr(error, 'strerror', None) or error}"


def _refuse(place: Place, message: str) -> NoReturn:
    raise ConfigError(Problem(place, "", message))
