"""The data section of an experiment file, or of a data set by its name."""

from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from rnnlab.config.fold_runs import in_fold
from rnnlab.config.reader import parse
from rnnlab.config.runs import load
from rnnlab.data.data_config import DataConfig
from rnnlab.documents import Plain
from rnnlab.errors import UserError


def data_section(name: str, overrides: Sequence[str] = ()) -> DataConfig:
    """Return the data section of an experiment file (.yaml), or the one with this name and every default.

    With folds it is that of the first. `overrides` are `path=value`, as `rnnlab run` takes them; for a name they begin with
    `data.`.
    """
    if name.endswith((".yaml", ".yml")):
        experiment = load(name, overrides)
        return in_fold(experiment.config, 0, experiment.config.compare.folds).data
    try:
        return TypeAdapter(DataConfig).validate_python({"name": name, **dict(map(_setting, overrides))})
    except ValidationError as error:
        wrong = error.errors()[0]
        if overrides and wrong["type"] not in ("missing", "union_tag_invalid"):
            raise UserError(f"data.{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}, got {wrong['input']!r}") from None
        message = f"needs settings of its own ({wrong['loc'][-1]}); give an experiment file instead"
        if wrong["type"] == "union_tag_invalid":
            message = f"is not a data set; known are {wrong['ctx']['expected_tags']}".replace("'", "")
        raise UserError(f"{name} {message}") from None


def _setting(override: str) -> tuple[str, Plain]:
    """The key of a data section and its value."""
    path, separator, text = override.partition("=")
    if not separator or not path.startswith("data."):
        raise UserError(f"{override!r} should be data.KEY=VALUE, such as data.level=character")
    return path.removeprefix("data."), parse(text, "command line", override).plain()
