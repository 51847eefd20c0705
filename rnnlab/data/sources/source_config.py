"""What the sections of all sources have in common."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from rnnlab.data.splits.windows import Count, Windowed
from rnnlab.documents import Record
from rnnlab.section import Section

Fraction = Annotated[float, Field(gt=0, lt=1)]
"""A fraction of the whole, between 0 and 1."""
Files = str | Annotated[list[str], Field(min_length=1)]
"""A file, a glob, or a list of them, relative to the working directory."""
NAMING_FILES = ("train", "validation", "test")
"""Settings that may name files; the arrays depend on the contents of a file, not on its name."""
SPLITS = ("train", "validation", "test")
Config: TypeAlias = Any
"""The section of one source; every source has its own class."""
UNSHAPING = {"batch_size", "lengths", *Windowed.model_fields}
"""Settings that affect batches but no prepared array."""


class Source(Section):
    """Settings of every source that is read from files."""

    batch_size: Count = 32
    """Rows per batch."""
    limit_examples: Count | None = None
    """Use only this many examples of each split (lines of a text, points of a series); null uses all."""

    @property
    def key(self) -> Record:
        """The settings that affect the prepared arrays, without file names."""
        return {name: value for name, value in self.model_dump(exclude=UNSHAPING).items() if name not in self.files}

    @property
    def files(self) -> dict[str, str | list[str]]:
        """The settings that name files, as written."""
        named = {name: getattr(self, name) for name in NAMING_FILES if name in type(self).model_fields}
        return {name: value for name, value in named.items() if isinstance(value, str | list)}


def spelt(level: str) -> str:
    """Return the key of `rnnlab.data.segmentation.LEVELS` for a level as a section names it."""
    return "unicode" if level == "word" else level


class TokenSource(Source):
    """Settings of sources that are read as tokens."""

    vocabulary: Annotated[int, Field(ge=2, le=2**31 - 1)] | None = 20_000
    """The largest number of distinct tokens from the training split, `<unk>` included; rarer tokens become `<unk>`; null keeps
    all."""
    level: Literal["word", "blank", "character", "subword"] = "word"
    """The unit of a token: a word or punctuation mark by Unicode's rules, text between blanks, a character, or a byte-pair
    piece (extra `subword`)."""
    lower: bool = False
    """Convert the text to lower case."""

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
    """How examples of unequal lengths are cut."""

    max_length: Count | None = None
    """The largest number of steps used of an example; null uses all."""
    keep: Literal["head", "tail"] = "head"
    """Which end of a longer example is kept."""
