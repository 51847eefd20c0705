"""The data sections of the generated tasks."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from rnnlab.section import Section, conflict

Count = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""A whole number of things, at least one."""
Steps = Annotated[int, Field(ge=1, le=1_000_000)]
"""A number of time steps."""


class SplitSizes(Section):
    """How many examples each split of a generated data set has."""

    train: Count = 4000
    """Examples to train on."""
    validation: Count = 1000
    """Examples to choose the best epoch on."""
    test: Count = 1000
    """Examples for the final score."""


class Generated(Section):
    """What all tasks have that are drawn example by example."""

    examples: SplitSizes = SplitSizes()
    """The sizes of the splits."""
    batch_size: Count = 32
    """Examples in a batch."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Which drawing of the data it is; training, validation and test follow from it, each from a seed of its own."""
    limit_examples: Count | None = None
    """Use only so many examples of each split; null takes all."""


class Adding(Generated):
    """The adding problem (Hochreiter & Schmidhuber 1997): the sum of two marked numbers of a sequence."""

    task: ClassVar[str] = "regression"
    tokens: ClassVar[bool] = False

    name: Literal["adding"]
    """The name of the data set."""
    length: Annotated[int, Field(ge=2, le=1_000_000)] = 50
    """Time steps in a sequence."""


class CopyMemory(Generated):
    """Copy memory (Hochreiter & Schmidhuber 1997; Arjovsky et al. 2016): repeat the first symbols after a delay."""

    task: ClassVar[str] = "tagging"
    tokens: ClassVar[bool] = True

    name: Literal["copy_memory"]
    """The name of the data set."""
    delay: Steps = 100
    """Steps from the last symbol to the first answer."""
    symbols: Count = 10
    """How many symbols are to be repeated."""
    kinds: Annotated[int, Field(ge=2, le=1000)] = 8
    """How many symbols there are to choose from."""


class TemporalOrder(Generated):
    """Temporal order (Hochreiter & Schmidhuber 1997, task 6a): in which order two symbols were seen, XX, XY, YX or YY."""

    task: ClassVar[str] = "classification"
    tokens: ClassVar[bool] = True

    name: Literal["temporal_order"]
    """The name of the data set."""
    length: Annotated[int, Field(ge=10, le=1_000_000)] = 100
    """Time steps in a sequence; the two symbols are in its second and in its sixth tenth."""


class Parity(Generated):
    """Parity: whether the number of ones in a sequence of bits is odd."""

    tokens: ClassVar[bool] = True

    name: Literal["parity"]
    """The name of the data set."""
    length: Steps = 20
    """Bits in a sequence."""
    every_step: bool = False
    """Ask for the parity of the bits so far at every step, not only at the end."""

    @property
    def task(self) -> str:
        """The kind of task."""
        return "tagging" if self.every_step else "classification"


class AssociativeRecall(Generated):
    """Associative recall (Ba et al. 2016): pairs of a key and a value, then one of the keys; its value is asked for."""

    task: ClassVar[str] = "classification"
    tokens: ClassVar[bool] = True

    name: Literal["associative_recall"]
    """The name of the data set."""
    keys: Count = 26
    """How many keys there are to choose from."""
    values: Annotated[int, Field(ge=2)] = 10
    """How many values there are to choose from."""
    pairs: Count = 8
    """Pairs in a sequence, their keys distinct."""

    @field_validator("pairs")
    @classmethod
    def _distinct(cls, pairs: int, info: ValidationInfo) -> int:
        if pairs > info.data.get("keys", pairs):
            raise ValueError(f"the keys of a sequence are distinct, so pairs can be at most keys, {info.data['keys']}")
        return pairs


class Agreement(Generated):
    """Agreement of subject and verb over intervening nouns (after Linzen et al. 2016): the number of each verb's subject.

    In the test split, pairs of a subject and the noun before the verb stand that training and validation never have.
    """

    task: ClassVar[str] = "tagging"
    tokens: ClassVar[bool] = True

    name: Literal["agreement"]
    """The name of the data set."""
    length: Steps = 40
    """Words in a sequence, which holds several sentences."""
    attractors: Annotated[int, Field(ge=0, le=20)] = 3
    """The most nouns between subject and verb; each has a number of its own."""
    adverbs: Annotated[int, Field(ge=0, le=100)] = 2
    """The most adverbs before the verb."""
    nouns: Annotated[int, Field(ge=4, le=10_000)] = 20
    """How many nouns there are, each in singular and plural."""
    verbs: Annotated[int, Field(ge=1, le=10_000)] = 10
    """How many verbs there are; their form does not show the number."""


class Points(Section):
    """How many points each split of a generated series has."""

    train: Annotated[int, Field(ge=10)] = 10_000
    """Points to train on."""
    validation: Annotated[int, Field(ge=10)] = 2000
    """Points to choose the best epoch on."""
    test: Annotated[int, Field(ge=10)] = 2000
    """Points for the final score."""


class MackeyGlass(Section):
    """The chaotic series of Mackey & Glass (1977), standardised by its training part."""

    task: ClassVar[str] = "forecasting"
    tokens: ClassVar[bool] = False

    name: Literal["mackey_glass"]
    """The name of the data set."""
    points: Points = Points()
    """The sizes of the splits."""
    tau: Annotated[int, Field(ge=1, le=1000)] = 17
    """The delay of the equation, in points; the series is chaotic from 17 on."""
    horizon: Annotated[int, Field(ge=1, le=1000)] = 6
    """How many points ahead is forecast."""
    window: Count = 50
    """Points in a window: how far back the gradient goes."""
    batch_size: Count = 8
    """Rows into which the series is cut."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Which drawing of the data it is; training, validation and test follow from it, each from a seed of its own."""
    limit_examples: Annotated[int, Field(ge=10)] | None = None
    """Use only so many points of each split; null takes all."""

    @model_validator(mode="after")
    def _reaches(self) -> "MackeyGlass":
        fewest = min(self.points.train, self.points.validation, self.points.test, self.limit_examples or 2**31)
        if self.horizon >= fewest:
            raise conflict(("horizon",), f"a split of {fewest} points has none {self.horizon} points ahead", self.horizon)
        return self
