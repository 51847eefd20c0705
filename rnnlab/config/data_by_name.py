"""The data section that a name or an experiment file stands for."""

from typing import Any

from pydantic import TypeAdapter, ValidationError

from rnnlab.config.runs import load
from rnnlab.data.data_config import DataConfig
from rnnlab.errors import UserError


def data_section(name: str) -> Any:
    """Return the data section of an experiment file (.yaml), or the one with this name and every default."""
    if name.endswith((".yaml", ".yml")):
        return load(name).config.data
    try:
        return TypeAdapter(DataConfig).validate_python({"name": name})
    except ValidationError as error:
        wrong = error.errors()[0]
        message = f"needs settings of its own ({wrong['loc'][-1]}); give an experiment file instead"
        if wrong["type"] == "union_tag_invalid":
            message = f"is no data set; known are {wrong['ctx']['expected_tags']}".replace("'", "")
        raise UserError(f"{name} {message}") from None
