"""Pieces of words by byte pairs, learnt and split by the `tokenizers` library."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from rnnlab.data.text import END_OF_LINE, UNKNOWN
from rnnlab.errors import UserError

USUAL = 8000
"""How many pieces there are where nobody says."""


def _library() -> Any:
    try:
        import tokenizers
        import tokenizers.decoders
        import tokenizers.models
        import tokenizers.pre_tokenizers
        import tokenizers.trainers
    except ImportError:
        raise UserError("level: subword needs the package tokenizers: pip install 'rnnlab[subword]'") from None
    return tokenizers


def learn(texts: Iterable[Any], size: int) -> str:
    """Return a byte-pair tokenizer of at most `size` pieces, `<unk>` and `<eos>` included, as the library's own JSON."""
    library = _library()
    pieces = library.Tokenizer(library.models.BPE(unk_token=UNKNOWN))
    pieces.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = library.decoders.ByteLevel()
    alphabet = library.pre_tokenizers.ByteLevel.alphabet()
    trainer = library.trainers.BpeTrainer(
        vocab_size=max(size - 2, len(alphabet)),
        special_tokens=[UNKNOWN, END_OF_LINE],
        initial_alphabet=sorted(alphabet),
        show_progress=False,
    )
    pieces.train_from_iterator((text if isinstance(text, str) else " ".join(text) for text in texts), trainer)
    return str(pieces.to_str())


@cache
def _read(pieces: str) -> Any:
    return _library().Tokenizer.from_str(pieces)


def split(pieces: str, line: str) -> list[str]:
    """Return the pieces of a line, by the tokenizer that `learn` returned."""
    return list(_read(pieces).encode(line, add_special_tokens=False).tokens)


def join(pieces: str, tokens: list[str]) -> str:
    """Return the line that has these pieces."""
    return str(_read(pieces).decoder.decode(tokens))
