"""The data sections of a config: one class per data set, selected by `name`."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, get_args

from pydantic import Field

from rnnlab.choice import Choice
from rnnlab.data.generators.generator_config import (
    Adding,
    Agreement,
    AssociativeRecall,
    CopyMemory,
    Count,
    MackeyGlass,
    Parity,
    SplitSizes,
    TemporalOrder,
)
from rnnlab.data.registered import DATASETS
from rnnlab.data.sources.conllu import Conllu
from rnnlab.data.sources.cornell import Cornell
from rnnlab.data.sources.corpora import Papers
from rnnlab.data.sources.mnist import Mnist
from rnnlab.data.sources.npz import Arrays
from rnnlab.data.sources.polyphonic import Polyphonic
from rnnlab.data.sources.series import NumberSeries
from rnnlab.data.sources.table import Table
from rnnlab.data.sources.text import Text
from rnnlab.data.sources.tfds import Tfds
from rnnlab.data.splits.windows import Windowed
from rnnlab.section import Section

__all__ = ["Adding", "DataConfig", "PythonReference", "SplitSizes"]


class PythonReference(Windowed):
    """The Python language reference, which ships with every CPython: English prose in topic order, split 80/10/10."""

    tokens: ClassVar[bool] = True

    name: Literal["python_reference"]
    """The name of the data set."""
    level: Literal["word", "character"] = "word"
    """The unit of a token."""
    vocabulary: Annotated[int, Field(ge=2, le=2**31 - 1)] = 2000
    """The largest number of distinct tokens, `<unk>` included; rarer tokens become `<unk>`."""
    window: Count = 32
    """Time steps (tokens) in a window: how far back gradients are propagated."""
    batch_size: Count = 32
    """Windows per batch: the number of parallel rows into which the text is cut."""
    limit_tokens: Annotated[int, Field(ge=10)] | None = None
    """Use only this many tokens of the whole text; null uses all."""

    @property
    def task(self) -> str:
        """The kind of task: a key of `rnnlab.data.task.KINDS`."""
        return "language_model" if self.level == "word" else "character_model"


BuiltIn = (
    PythonReference
    | Adding
    | CopyMemory
    | TemporalOrder
    | Parity
    | Agreement
    | AssociativeRecall
    | MackeyGlass
    | Text
    | Table
    | Conllu
    | Papers
    | Cornell
    | Polyphonic
    | Arrays
    | NumberSeries
    | Mnist
    | Tfds
)
"""The sections of the data sets that come with rnnlab."""


def sections() -> dict[str, type[Section]]:
    """The section of every data set by its name, including those from plug-ins."""
    built_in = {name: kind for kind in get_args(BuiltIn) for name in get_args(kind.model_fields["name"].annotation)}
    return built_in | {name: kind.section for name, kind in DATASETS.items()}


if TYPE_CHECKING:
    DataConfig = BuiltIn
else:
    DataConfig = Annotated[BuiltIn, Choice("name", sections)]
"""Any data section."""
