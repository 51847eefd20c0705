"""The data sections of a config: one class a data set, chosen by `name`."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from rnnlab.section import Section

Count = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""A whole number of things, at least one."""


class PythonReference(Section):
    """The Python language reference that every CPython carries: English prose in the order of its topics, split 80/10/10."""

    tokens: ClassVar[bool] = True

    name: Literal["python_reference"]
    """The name of the data set."""
    level: Literal["word", "character"] = "word"
    """What a token is."""
    vocabulary: Annotated[int, Field(ge=2, le=2**31 - 1)] = 2000
    """Most distinct tokens, `<unk>` included; rarer ones become `<unk>`."""
    window: Count = 32
    """Time steps in a window: how far back the gradient goes, in tokens."""
    batch_size: Count = 32
    """Windows in a batch: the rows into which the text is cut."""
    limit: Annotated[int, Field(ge=10)] | None = None
    """Use only so many tokens of the whole text; null takes all."""

    @property
    def task(self) -> str:
        """The kind of task: a key of `rnnlab.data.task.KINDS`."""
        return "language_model" if self.level == "word" else "character_model"


class Examples(Section):
    """How many examples each split of a generated data set has."""

    train: Count = 4000
    """Examples to train on."""
    validation: Count = 1000
    """Examples to choose the best epoch on."""
    test: Count = 1000
    """Examples for the final figure."""


class Adding(Section):
    """The adding problem (Hochreiter & Schmidhuber 1997): the sum of two marked numbers of a sequence."""

    task: ClassVar[str] = "regression"
    tokens: ClassVar[bool] = False

    name: Literal["adding"]
    """The name of the data set."""
    length: Annotated[int, Field(ge=2, le=1_000_000)] = 50
    """Time steps in a sequence."""
    examples: Examples = Examples()
    """The sizes of the splits."""
    batch_size: Count = 32
    """Examples in a batch."""


DataConfig = Annotated[PythonReference | Adding, Field(discriminator="name")]
"""Any data section."""
