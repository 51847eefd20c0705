"""Parts of one kind by name: built-in ones and those of plug-ins are registered by the same call."""

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from rnnlab.names import nearest

Part = TypeVar("Part")
ALL: "list[Registry[Any]]" = []
"""Every registry."""


class Registry(Mapping[str, Part], Generic[Part]):
    """Parts by name, in the order in which they were registered.

    >>> fruits: Registry[int] = Registry("fruit")
    >>> fruits.add("apple", 3)
    >>> fruits["aple"]
    Traceback (most recent call last):
    rnnlab.registry.UnknownPartError: there is no fruit 'aple' (did you mean apple?); registered: apple
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._parts: dict[str, Part] = {}
        self.sources: dict[str, str] = {}
        """By name the file that registered the part."""
        ALL.append(self)

    def add(self, name: str, part: Part, source: str = "") -> None:
        """Register a part; a file that is run again replaces its own. Raises ValueError for a name that is taken or bad."""
        if not (isinstance(name, str) and name.replace("/", "_").replace("-", "_").isidentifier()):
            raise ValueError(f"the name of a {self.kind} has letters, digits and _, and begins with a letter; got {name!r}")
        if name in self._parts and (not source or self.sources[name] != source):
            raise ValueError(
                f"there is a {self.kind} {name!r} already, from {self.sources[name] or 'rnnlab'}: give another name"
            )
        self._parts[name], self.sources[name] = part, source

    def discard(self, source: str) -> None:
        """Forget the parts that a file registered."""
        for name in [name for name, file in self.sources.items() if file == source]:
            del self._parts[name], self.sources[name]

    def __getitem__(self, name: str) -> Part:
        if name not in self._parts:
            known = ", ".join(self._parts)
            raise UnknownPartError(f"there is no {self.kind} {name!r}{nearest(name, self._parts)}; registered: {known}")
        return self._parts[name]

    def __contains__(self, name: object) -> bool:
        return name in self._parts

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)


class UnknownPartError(KeyError):
    """No part of that name is registered."""

    def __str__(self) -> str:
        return str(self.args[0])


def foreign() -> bool:
    """Whether any part is registered that is not of this package."""
    home = str(Path(__file__).parent)
    return any(source and not source.startswith(home) for registry in ALL for source in registry.sources.values())


INTERACTIVE = "<interactive>"
"""The source of a part that is written in no file, as in a notebook."""


def file_of(part: object) -> str:
    """Return the file in which a function or class is written, `INTERACTIVE` where it is none that is there."""
    try:
        file = inspect.getsourcefile(part)  # type: ignore[arg-type]
    except TypeError:
        file = None
    return str(Path(file).resolve()) if file and Path(file).is_file() else INTERACTIVE
