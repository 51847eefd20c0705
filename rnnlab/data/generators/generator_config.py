"""The data sections of the generated tasks."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from rnnlab.section import Section, conflict

Count = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""A whole number of things, at least one."""
StepCount = Annotated[int, Field(ge=1, le=1_000_000)]
"""A number of time steps."""


class SplitSizes(Section):
    """How many examples each split of a generated data set has."""

    train: Count = 4000
    """Examples to train on."""
    validation: Count = 1000
    """Examples that select the best epoch."""
    test: Count = 1000
    """Examples for the final score."""


class Generated(Section):
    """The settings of all tasks whose examples are generated one by one."""

    examples: SplitSizes = SplitSizes()
    """The sizes of the splits."""
    batch_size: Count = 32
    """Examples per batch."""
    seed: Annotated[int, Field(ge=0)] = 0
    """The seed of the data; each split is drawn from a seed of its own that follows from this one."""
    limit_examples: Count | None = None
    """Use only this many examples of each split; null uses all."""


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
    delay: StepCount = 100
    """StepCount from the last symbol to the first answer."""
    symbols: Count = 10
    """How many symbols to repeat."""
    kinds: Annotated[int, Field(ge=2, le=1000)] = 8
    """The number of distinct symbols."""
    repeat_sign: bool = False
    """Show the sign to answer at every step of the answer too, as Bai et al. 2018 do, so that no steps have to be counted."""


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
    length: StepCount = 20
    """Bits in a sequence."""
    every_step: bool = False
    """Ask for the parity of the bits so far at every step, not only at the end."""

    @property
    def task(self) -> str:
        """The kind of task."""
        return "tagging" if self.every_step else "classification"


class AssociativeRecall(Generated):
    """Associative recall (Ba et al. 2016): pairs of a key and a value, then one of the keys; the answer is its value."""

    task: ClassVar[str] = "classification"
    tokens: ClassVar[bool] = True

    name: Literal["associative_recall"]
    """The name of the data set."""
    keys: Count = 26
    """The number of distinct keys."""
    values: Annotated[int, Field(ge=2)] = 10
    """The number of distinct values."""
    pairs: Count = 8
    """Pairs in a sequence, their keys distinct."""

    @field_validator("pairs")
    @classmethod
    def _distinct(cls, pairs: int, info: ValidationInfo) -> int:
        if pairs > info.data.get("keys", pairs):
            raise ValueError(
                f"the keys of a sequence are distinct, so pairs can be at most the number of keys, {info.data['keys']}"
            )
        return pairs


class Agreement(Generated):
    """Agreement of subject and verb across intervening nouns (after Linzen et al. 2016): the number of each verb's subject.

    The test split contains pairs of a subject and the noun before the verb that never occur in training and validation.
    """

    task: ClassVar[str] = "tagging"
    tokens: ClassVar[bool] = True

    name: Literal["agreement"]
    """The name of the data set."""
    length: StepCount = 40
    """Words in a sequence, which holds several sentences."""
    attractors: Annotated[int, Field(ge=0, le=20)] = 3
    """The largest number of nouns between subject and verb, each singular or plural by itself."""
    adverbs: Annotated[int, Field(ge=0, le=100)] = 2
    """The largest number of adverbs before the verb."""
    nouns: Annotated[int, Field(ge=4, le=10_000)] = 20
    """The number of distinct nouns, each in singular and plural."""
    verbs: Annotated[int, Field(ge=1, le=10_000)] = 10
    """The number of distinct verbs; their form does not show the number."""


class Points(Section):
    """How many points each split of a generated series has."""

    train: Annotated[int, Field(ge=10)] = 10_000
    """Points to train on."""
    validation: Annotated[int, Field(ge=10)] = 2000
    """Points that select the best epoch."""
    test: Annotated[int, Field(ge=10)] = 2000
    """Points for the final score."""


class MackeyGlass(Section):
    """The chaotic series of Mackey & Glass (1977), standardised over its training part."""

    task: ClassVar[str] = "forecasting"
    tokens: ClassVar[bool] = False

    name: Literal["mackey_glass"]
    """The name of the data set."""
    points: Points = Points()
    """The sizes of the splits."""
    tau: Annotated[int, Field(ge=1, le=1000)] = 17
    """The delay of the equation, in points; the series is chaotic from 17 on."""
    horizon: Annotated[int, Field(ge=1, le=1000)] = 6
    """How many points ahead to forecast."""
    window: Count = 50
    """Points in a window: how far back gradients are propagated."""
    batch_size: Count = 8
    """Rows into which the series is cut."""
    seed: Annotated[int, Field(ge=0)] = 0
    """The seed of the data; each split is drawn from a seed of its own that follows from this one."""
    limit_examples: Annotated[int, Field(ge=10)] | None = None
    """Use only this many points of each split; null uses all."""

    @model_validator(mode="after")
    def _reaches(self) -> "MackeyGlass":
        fewest = min(self.points.train, self.points.validation, self.points.test, self.limit_examples or 2**31)
        if self.horizon >= fewest:
            raise conflict(("horizon",), f"a split of {fewest} points has none {self.horizon} points ahead", self.horizon)
        return self
