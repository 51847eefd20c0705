"""Text becomes tokens, tokens become numbers, and both ways back."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np

UNKNOWN = "<unk>"
END_OF_LINE = "<eos>"


_WORD = r"\n|(?:\p{LB=SA}[\p{M}\p{WB=Format}\p{WB=ZWJ}]*)+|\S.*?\b"
"""A word by the default rules of Unicode (UAX 29); letters of Thai, Lao, Khmer and Burmese, where the rules leave words to a
dictionary, stay together as far as nothing stands between them."""


@cache
def _words() -> Any:
    import regex

    return regex.compile(_WORD, regex.WORD | regex.DOTALL)


def words(text: str) -> list[str]:
    """Split text into words and signs, as Unicode's rules (UAX 29) have it, and `<eos>` for every end of line.

    >>> words("Don't pay 1,5!\\n")
    ["Don't", 'pay', '1,5', '!', '<eos>']
    """
    return [END_OF_LINE if token == "\n" else token for token in _words().findall(text)]


def plain_words(text: str) -> list[str]:
    """Split text into runs of letters, digits and underscores, single signs, and `<eos>` for every end of line.

    >>> plain_words("x += don't\\n")
    ['x', '+', '=', 'don', "'", 't', '<eos>']
    """
    return [END_OF_LINE if token == "\n" else token for token in re.findall(r"\w+|[^\w\s]|\n", text)]


def blanks(text: str) -> list[str]:
    """Split a text that is tokenised already at its blanks; `<eos>` stands for an end of line.

    >>> blanks(" no it was n't \\n")
    ['no', 'it', 'was', "n't", '<eos>']
    """
    return text.replace("\n", f" {END_OF_LINE} ").split()


def characters(text: str) -> list[str]:
    """Split text into characters; `<eos>` stands for an end of line.

    >>> characters("if\\n")
    ['i', 'f', '<eos>']
    """
    return [END_OF_LINE if token == "\n" else token for token in text]


def underscored(text: str) -> list[str]:
    """Split text into characters as the papers on characters count them: a blank is written `_`.

    >>> underscored("a <unk>\\n")
    ['a', '_', '<', 'u', 'n', 'k', '>', '<eos>']
    """
    return characters(text.replace(" ", "_"))


class Level(NamedTuple):
    """The kind of token."""

    split: Callable[[str], list[str]]
    """From a text to its tokens."""
    between: str
    """The separator of two tokens of a line."""
    unit: str
    """The tokens in plain words."""
    blank: str = " "
    """The token of a blank."""


LEVELS = {
    "unicode": Level(words, " ", "words"),
    "word": Level(plain_words, " ", "words"),
    "blank": Level(blanks, " ", "words"),
    "character": Level(characters, "", "characters"),
    "underscored": Level(underscored, "", "characters", blank="_"),
}
"""Every kind of token that a text has by itself; subwords are learnt from texts, see `rnnlab.data.subwords`. `word` is that of
the Python reference and of runs made by version 0.1; a section of a source that says `word` means `unicode`."""


@dataclass(frozen=True)
class Vocabulary:
    """The known tokens; a token's number is its place, and place 0 is `<unk>`."""

    tokens: tuple[str, ...]

    @classmethod
    def of(cls, tokens: Iterable[str], size: int) -> "Vocabulary":
        """Return `<unk>` and the most frequent tokens, `size` in all; of equally frequent ones the first to appear.

        >>> Vocabulary.of(["b", "a", "a", "c"], size=3).tokens
        ('<unk>', 'a', 'b')
        """
        counts = Counter(tokens)
        del counts[UNKNOWN]
        return cls((UNKNOWN, *(token for token, _ in counts.most_common(size - 1))))

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {token: number for number, token in enumerate(self.tokens)}

    def encode(self, tokens: Iterable[str]) -> np.ndarray:
        """Return the numbers of tokens, an int32 array; an unknown token has number 0.

        >>> Vocabulary(("<unk>", "a", "b")).encode(["b", "?"]).tolist()
        [2, 0]
        """
        return np.fromiter((self._numbers.get(token, 0) for token in tokens), np.int32)

    def decode(self, numbers: Iterable[int]) -> list[str]:
        """Return the tokens of numbers."""
        return [self.tokens[number] for number in numbers]
