"""How a text of each level becomes tokens."""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from rnnlab.data.text import END_OF_LINE, LEVELS, UNKNOWN
from rnnlab.errors import UserError


def blanks(text: str) -> list[str]:
    """Split a text that is tokenised already at its blanks; `<eos>` stands for an end of line.

    >>> blanks(" no it was n't \\n")
    ['no', 'it', 'was', "n't", '<eos>']
    """
    return text.replace("\n", f" {END_OF_LINE} ").split()


SPLITTERS: dict[str, Callable[[str], list[str]]] = {**LEVELS, "blank": blanks}


class Splitter:
    """A text, or a list of tokens, to tokens; made from the training texts where the level is subword."""

    def __init__(self, level: str, lower: bool, learn: Callable[[], Iterable[Any]], vocabulary: int | None):
        self.lower, self.saved = lower, None
        if level == "subword":
            self._pieces = _learn(learn(), vocabulary or 8000)
            self.saved = self._pieces.to_str()
        self._split = self._subwords if level == "subword" else SPLITTERS[level]

    def __call__(self, text: Any) -> list[str]:
        """Return the tokens."""
        if not isinstance(text, str):
            return [token.lower() for token in text] if self.lower else list(text)
        return self._split(text.lower() if self.lower else text)

    def _subwords(self, text: str) -> list[str]:
        parts = text.split("\n")
        ends = [[END_OF_LINE]] * (len(parts) - 1) + [[]]
        return list(chain(*(self._pieces.encode(part).tokens + end for part, end in zip(parts, ends, strict=True))))


def _learn(texts: Iterable[Any], size: int) -> Any:
    try:
        from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    except ImportError:
        raise UserError("level: subword needs the package tokenizers: pip install 'rnnlab[subword]'") from None
    pieces = Tokenizer(models.BPE(unk_token=UNKNOWN))
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=max(size - 2, len(alphabet)),
        special_tokens=[UNKNOWN, END_OF_LINE],
        initial_alphabet=alphabet,
        show_progress=False,
    )
    pieces.train_from_iterator((text if isinstance(text, str) else " ".join(text) for text in texts), trainer)
    return pieces
