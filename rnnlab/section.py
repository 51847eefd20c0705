"""The form of every section of a config: closed, frozen, checked."""

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError


class Section(BaseModel):
    """A part of a config that lives beside the thing it builds; unknown keys and wrong types are errors."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True, validate_default=True
    )


def conflict(path: tuple[str | int, ...], message: str, received: Any) -> ValidationError:
    """Return the error to raise in a validator that sees several fields, so that it is shown at `path`, below the section."""
    error = PydanticCustomError("conflict", "{message}", {"message": message})
    return ValidationError.from_exception_data("conflict", [InitErrorDetails(type=error, loc=path, input=received)])
