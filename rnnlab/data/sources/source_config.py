"""What the sections of all sources have in common."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from rnnlab.data.splits.windows import Count, Windowed
from rnnlab.documents import Record
from rnnlab.section import Section

Fraction = Annotated[float, Field(gt=0, lt=1)]
"""A part of the whole."""
Files = str | Annotated[list[str], Field(min_length=1)]
"""A file, a glob, or a list of them, from the working directory."""
NAMING_FILES = ("train", "validation", "test")
"""Settings that may name files: the bytes of a file decide the arrays, not its name."""
SPLITS = ("train", "validation", "test")
Config: TypeAlias = Any
"""The section of one source, as its reader takes it; every source has a class of its own."""
UNSHAPING = {"batch_size", "lengths", *Windowed.model_fields}
"""Settings that shape batches but no array."""


class Source(Section):
    """Settings of whatever is read from files."""

    batch_size: Count = 32
    """Rows of a batch."""
    limit_examples: Count | None = None
    """Use only so many examples of each split; a line of a text and a point of a series are one; null takes all."""

    @property
    def key(self) -> Record:
        """The settings that shape the arrays, without the names of files."""
        return {name: value for name, value in self.model_dump(exclude=UNSHAPING).items() if name not in self.files}

    @property
    def files(self) -> dict[str, str | list[str]]:
        """The settings that name files, as they are spelt."""
        named = {name: getattr(self, name) for name in NAMING_FILES if name in type(self).model_fields}
        return {name: value for name, value in named.items() if isinstance(value, str | list)}


def spelt(level: str) -> str:
    """Return the key of `rnnlab.data.segmentation.LEVELS` for a level as a section names it."""
    return "unicode" if level == "word" else level


class TokenSource(Source):
    """Settings of what is read as tokens."""

    vocabulary: Annotated[int, Field(ge=2, le=2**31 - 1)] | None = 20_000
    """Most distinct tokens of the training split, `<unk>` included; rarer ones become `<unk>`; null keeps all."""
    level: Literal["word", "blank", "character", "subword"] = "word"
    """What a token is: a word or sign by Unicode's rules, what stands between blanks, a character, or a byte-pair piece
    (extra `subword`)."""
    lower: bool = False
    """Make all letters small."""

    @property
    def splitting(self) -> str:
        """How texts are split: a key of `rnnlab.data.segmentation.LEVELS`, or subword."""
        return spelt(self.level)


class StreamSource(Windowed, TokenSource):
    """Settings of a text that a language model reads from beginning to end."""

    @property
    def tokens(self) -> bool:
        """A language model reads tokens."""
        return True

    @property
    def task(self) -> str:
        """The kind of task: a key of `rnnlab.data.task.KINDS`."""
        return "character_model" if self.level == "character" else "language_model"


class Lengths(Section):
    """Settings of examples that are of unequal lengths."""

    max_length: Count | None = None
    """Most steps of an example that are used; null takes all."""
    keep: Literal["head", "tail"] = "head"
    """Which end of a longer example is used."""
