"""Tagged sentences in CoNLL-U (Universal Dependencies)."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Literal

from rnnlab.data.sources.reading import Reading, Row, files_matching, lines
from rnnlab.data.sources.source_config import Files, Lengths, TokenSource
from rnnlab.errors import UserError

COLUMNS = {"upos": 3, "xpos": 4, "deprel": 7}
"""The column of each kind of tag, counted from 0."""


class Conllu(TokenSource):
    """A tag for every word, from CoNLL-U files."""

    name: Literal["conllu"]
    """The name of the data set."""
    train: Files
    """The files to train on."""
    validation: Files
    """The files that select the best epoch."""
    test: Files
    """The files for the final score."""
    tags: Literal["upos", "xpos", "deprel"] = "upos"
    """What is predicted for each word: its universal part of speech, its language-specific one, or its dependency relation."""
    lengths: Lengths = Lengths()
    """How long sentences are cut."""

    @property
    def tokens(self) -> bool:
        """Words are read as tokens."""
        return True

    @property
    def task(self) -> str:
        """The kind of task: a key of `rnnlab.data.task.KINDS`."""
        return "tagging"


def read(config: Conllu) -> Reading:
    """Return the sentences of each split."""
    names = ("train", "validation", "test")
    return Reading({name: partial(_files, files_matching(getattr(config, name)), COLUMNS[config.tags]) for name in names})


def _files(paths: list[Path], column: int) -> Iterator[Row]:
    for path in paths:
        yield from sentences(path, column)


def sentences(path: Path, column: int) -> Iterator[Row]:
    """Yield sentences: words and their tags, without ranges (1-2) and empty nodes (1.1).

    Raises UserError at a line without ten columns.
    """
    words: list[str] = []
    tags: list[str] = []
    for number, line in lines(path):
        cells = line.rstrip("\n").split("\t")
        if line.strip() and not line.startswith("#"):
            if len(cells) != 10:
                raise UserError(f"{path}:{number}: a line of CoNLL-U has 10 columns between tabs, got {len(cells)}")
            if cells[0].isdigit():
                words.append(cells[1])
                tags.append(cells[column])
        elif not line.strip() and words:
            yield Row(words, tags, f"{path}:{number}")
            words, tags = [], []
    if words:
        yield Row(words, tags, f"{path}: last sentence")
