"""Between what people read and what a model reads and says; kept with every run, so that it needs its data no more."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from itertools import chain, groupby
from typing import NamedTuple

import numpy as np

from rnnlab.data import subwords
from rnnlab.data.segmentation import END_OF_LINE, LEVELS, Vocabulary
from rnnlab.documents import Fields, Record


class Scale(NamedTuple):
    """The standardisation of numbers: a mean and a deviation for each feature, from the training split.

    >>> scale = Scale((10.0,), (2.0,))
    >>> scale.restored(scale.standardised(np.array([[14.0]]))).tolist()
    [[14.0]]
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def standardised(self, values: np.ndarray) -> np.ndarray:
        """Return the numbers [..., features] as the model reads them: (values - mean) / deviation."""
        return (values - np.array(self.mean)) / np.array(self.deviation)

    def restored(self, values: np.ndarray) -> np.ndarray:
        """Return the numbers [..., features] in the units of the data: values * deviation + mean."""
        return values * np.array(self.deviation) + np.array(self.mean)


TextOrTokens = str | list[str]
"""A text, or its tokens."""


@dataclass(frozen=True)
class Codec:
    """Encodes texts and decodes predictions: the tokens, labels and scales of a data set, those that it has.

    >>> codec = Codec.learnt("word", False, lambda: ["The film is good.", "The end!"], size=20)
    >>> codec.decode(codec.encode("The film is bad!"))
    'The film is <unk> !'
    >>> Codec.of(codec.document()) == codec
    True
    """

    level: str = "blank"
    """The kind of token: a key of `rnnlab.data.segmentation.LEVELS`, or subword."""
    vocabulary: Vocabulary | None = None
    """The tokens by their numbers; None where inputs are numbers, or tokens without a text."""
    lower: bool = False
    """Whether all letters are made small."""
    pieces: str | None = None
    """Subwords: the tokenizer, as the JSON of the `tokenizers` library."""
    labels: tuple[str, ...] = ()
    """The labels by their numbers; none where something else is predicted, or they have no names."""
    inputs: Scale | None = None
    """The standardisation of the numbers that the model reads; None where there is none."""
    targets: Scale | None = None
    """The standardisation of the numbers that it predicts; None where there is none."""
    beside: tuple[tuple[str, Record], ...] = ()
    """How columns beside a text become numbers: the name of each, and its kind with names, or with mean and deviation."""

    @classmethod
    def learnt(cls, level: str, lower: bool, texts: Callable[[], Iterable[TextOrTokens]], size: int | None) -> "Codec":
        """Return the codec of training texts, read again at every call of `texts`: the `size` most frequent tokens, or all."""
        pieces = subwords.learn(map(cls(lower=lower)._plain, texts()), size or subwords.USUAL) if level == "subword" else None
        bare = cls(level, lower=lower, pieces=pieces)
        if pieces is not None:
            return replace(bare, vocabulary=Vocabulary(subwords.tokens(pieces)))
        return replace(bare, vocabulary=Vocabulary.of(chain.from_iterable(map(bare.split, texts())), size or 2**31 - 1))

    def _plain(self, text: TextOrTokens) -> TextOrTokens:
        if not self.lower:
            return text
        return text.lower() if isinstance(text, str) else [token.lower() for token in text]

    def split(self, text: str | list[str]) -> list[str]:
        """Return the tokens of a text, an `<eos>` for every end of line; a list is taken for tokens already."""
        text = self._plain(text)
        if not isinstance(text, str):
            return list(text)
        if self.pieces is None:
            return LEVELS[self.level].split(text)
        first, *rest = (subwords.split(self.pieces, line) for line in text.split("\n"))
        return [*first, *chain.from_iterable([END_OF_LINE, *line] for line in rest)]

    def encode(self, text: str | list[str]) -> np.ndarray:
        """Return the numbers of a text's tokens, int32; unknown ones are 0. Raises ValueError where there is no vocabulary."""
        return self._known.encode(self.split(text))

    def decode(self, numbers: Iterable[int]) -> str:
        """Return the text of token numbers, an end of line for every `<eos>`; padding, below 0, is left out.

        Words come with a blank between any two. Raises ValueError where there is no vocabulary.
        """
        tokens = self._known.decode(number for number in numbers if number >= 0)
        groups = [(end, list(group)) for end, group in groupby(tokens, key=END_OF_LINE.__eq__)]
        return "".join("\n" * len(group) if end else self._join(group) for end, group in groups)

    def _join(self, tokens: list[str]) -> str:
        if self.pieces is not None:
            return subwords.join(self.pieces, tokens)
        level = LEVELS[self.level]
        return level.between.join(tokens).replace(level.blank, " ")

    @property
    def _known(self) -> Vocabulary:
        if self.vocabulary is None:
            raise ValueError("this data set has no text: its inputs are numbers")
        return self.vocabulary

    @property
    def unit(self) -> str:
        """The name of its tokens: words, characters or subwords."""
        return "subwords" if self.level == "subword" else LEVELS[self.level].unit

    def document(self) -> Record:
        """Return everything as a mapping for JSON; `of` is the way back."""
        return {**asdict(self), "vocabulary": self.vocabulary and list(self.vocabulary.tokens)}

    @classmethod
    def of(cls, document: Fields) -> "Codec":
        """Return the codec that a document describes."""
        scales = {name: (scale := document[name]) and Scale(*map(tuple, scale)) for name in ("inputs", "targets")}
        tokens = document["vocabulary"]
        vocabulary = None if tokens is None else Vocabulary(tuple(tokens))
        beside = tuple((name, encoder) for name, encoder in document.get("beside", ()))
        return cls(**{**document, **scales, "vocabulary": vocabulary, "labels": tuple(document["labels"]), "beside": beside})
