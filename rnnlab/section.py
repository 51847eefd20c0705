"""The form of every section of a config: closed, frozen, checked."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of a config that lives beside the thing it builds; unknown keys and wrong types are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)
