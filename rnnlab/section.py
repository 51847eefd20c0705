"""The form of every section of a config: closed, frozen, checked."""

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError


class Section(BaseModel):
    """A part of a config that lives beside the thing it builds; unknown keys and wrong types are errors.

    Equal sections have one hash, whatever lists and mappings they hold, so that what is built from them can be kept by them.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True, validate_default=True
    )

    def __hash__(self) -> int:
        return hash((type(self), _hashable(dict(self))))


NO_SOURCE = ConfigDict(use_attribute_docstrings=False)
"""For a section that is made while the program runs: it has no source, and the search for one is slow."""


class NoOptions(Section):
    """The options of a part that has none."""


def _hashable(value: object) -> object:
    """The value with tuples for lists and sets of pairs for mappings."""
    if isinstance(value, dict):
        return frozenset((key, _hashable(part)) for key, part in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(_hashable, value))
    return value


def conflict(path: tuple[str | int, ...], message: str, received: object) -> ValidationError:
    """Return the error to raise in a validator that sees several fields, so that it is shown at `path`, below the section."""
    error = PydanticCustomError("conflict", "{message}", {"message": message})
    return ValidationError.from_exception_data("conflict", [InitErrorDetails(type=error, loc=path, input=received)])
