"""The YAML that configs are written in: PyYAML with the scalars of YAML 1.2, without tags and bottomless nesting."""

import re
from collections.abc import Callable
from typing import Any

import yaml

from rnnlab.documents import Record

MAX_DEPTH = 32

_SCALARS = {
    "null": (r"~|null|", ["~", "n", ""]),
    "bool": (r"true|false", ["t", "f"]),
    "int": (r"[-+]?(0|[1-9][0-9]{0,17})", list("-+0123456789")),
    "float": (r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan", list("-+.0123456789")),
}
"""The plain scalars that are not text. A number with a leading zero is text: octal to some readers, decimal to others.
A whole number beyond 18 digits is a float, as in JSON."""

LITERALS = {None: "null", True: "true", False: "false"}
"""How the values that are words are written."""

_VALUES: dict[str, Callable[[str], object]] = {
    "null": lambda text: None,
    "bool": "true".__eq__,
    "int": int,
    "float": lambda text: float(re.sub(r"\.(?=[in])", "", text)),
}


class Loader(yaml.SafeLoader):
    """Composes nodes; never constructs."""

    yaml_implicit_resolvers: Record = {}  # noqa: RUF012
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Return the next node; raise MarkedYAMLError where it is refused."""
        event = self.peek_event()
        self.depth += 1
        if problem := self._problem(event):
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def _problem(self, event: yaml.Event) -> str:
        if tag := getattr(event, "tag", None):
            return f"tags such as {tag!r} are not used here"
        if self.depth > MAX_DEPTH:
            return f"more than {MAX_DEPTH} levels of nesting"
        if any("\ud800" <= character <= "\udfff" for character in getattr(event, "value", "")):
            return "half of a surrogate pair is not a character"
        return ""


class _Dumper(yaml.SafeDumper):
    """Writes text that both the loader above and YAML 1.1 readers read back unchanged."""

    def ignore_aliases(self, data: object) -> bool:
        return True


for _name, (_pattern, _first) in _SCALARS.items():
    for _class in (Loader, _Dumper):
        _class.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(rf"(?:{_pattern})\Z"), _first)


def scalar(node: yaml.Node) -> Any:
    """Return the value of a scalar node."""
    return _VALUES.get(node.tag.rpartition(":")[2], str)(node.value)


def dump(document: Record) -> str:
    """Return the document as YAML text, keys in their order."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
