"""The types of what YAML and JSON files hold, for annotations."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    Plain: TypeAlias = bool | int | float | str | Sequence["Plain"] | Mapping[str, "Plain"] | None
    """A value of a parsed document."""
else:  # `typing.get_type_hints` never comes to the end of a type that contains itself
    Plain = object

Record: TypeAlias = dict[str, Any]
"""A mapping of a document whose keys are known to its reader; every key has a type of its own."""

Fields: TypeAlias = Mapping[str, Any]
"""A record that is only read."""
