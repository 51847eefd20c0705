"""Pieces of words by byte pairs, learnt and split by the `tokenizers` library."""

from collections.abc import Iterable
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

from rnnlab.data.segmentation import END_OF_LINE, UNKNOWN
from rnnlab.errors import UserError

if TYPE_CHECKING:
    import tokenizers

USUAL = 8000
"""The default number of pieces."""
FEWEST = 2 + 256


def _library() -> ModuleType:
    try:
        import tokenizers
        import tokenizers.decoders
        import tokenizers.models
        import tokenizers.pre_tokenizers
        import tokenizers.trainers
    except ImportError:
        raise UserError("level: subword needs the package tokenizers: pip install 'rnnlab[subword]'") from None
    return tokenizers


def learn(texts: Iterable[str | list[str]], size: int) -> str:
    """Return a byte-pair tokenizer of at most `size` pieces, `<unk>` and `<eos>` included, as the library's own JSON.

    Every byte is a piece, so that no text has unknown ones. Raises UserError where `size` has no room for them.
    """
    library = _library()
    if size < FEWEST:
        raise UserError(f"level: subword needs a vocabulary of {FEWEST} or more, since every byte is a piece; got {size}")
    pieces = library.Tokenizer(library.models.BPE(unk_token=UNKNOWN))
    pieces.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = library.decoders.ByteLevel()
    trainer = library.trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[UNKNOWN, END_OF_LINE],
        initial_alphabet=sorted(library.pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    pieces.train_from_iterator((text if isinstance(text, str) else " ".join(text) for text in texts), trainer)
    return str(pieces.to_str())


@cache
def _read(pieces: str) -> "tokenizers.Tokenizer":
    return _library().Tokenizer.from_str(pieces)


def tokens(pieces: str) -> tuple[str, ...]:
    """Return all pieces of the tokenizer that `learn` returned, `<unk>` first."""
    numbers: dict[str, int] = _read(pieces).get_vocab()
    return tuple(sorted(numbers, key=numbers.__getitem__))


def split(pieces: str, line: str) -> list[str]:
    """Return the pieces of a line, by the tokenizer that `learn` returned."""
    return list(_read(pieces).encode(line, add_special_tokens=False).tokens)


def join(pieces: str, tokens: list[str]) -> str:
    """Return the line that has these pieces."""
    return str(_read(pieces).decoder.decode(tokens))
