"""The benchmark corpora of language modelling from their usual files: Penn Treebank and WikiText-2."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from rnnlab.data.segmentation import END_OF_LINE
from rnnlab.data.sources.downloads import folder_of
from rnnlab.data.sources.reading import Reading, Row, lines
from rnnlab.data.sources.source_config import StreamSource
from rnnlab.errors import UserError


@dataclass(frozen=True)
class Corpus:
    """A published corpus: its files by split, and the counts that identify them."""

    files: dict[str, str]
    counts: tuple[int, int, int]
    """Words of the splits, with one `<eos>` per line."""
    words: int
    """Distinct words of the training split, `<eos>` included."""
    url: str
    licence: str
    citation: str


CORPORA = {
    "ptb": Corpus(
        {"train": "ptb.train.txt", "validation": "ptb.valid.txt", "test": "ptb.test.txt"},
        (929_589, 73_760, 82_430),
        10_000,
        "http://www.fit.vutbr.cz/~imikolov/rnnlm/simple-examples.tgz",
        "Linguistic Data Consortium; passed round for research only",
        "Marcus, Santorini & Marcinkiewicz 1993, Computational Linguistics 19(2); split of Mikolov et al. 2010",
    ),
    "wikitext2": Corpus(
        {"train": "wiki.train.tokens", "validation": "wiki.valid.tokens", "test": "wiki.test.tokens"},
        (2_088_628, 217_646, 245_569),
        33_278,
        "https://s3.amazonaws.com/research.metamind.io/wikitext/wikitext-2-v1.zip",
        "CC BY-SA 3.0",
        "Merity, Xiong, Bradbury & Socher 2017, arXiv 1609.07843",
    ),
}
"""Every corpus, by its name in a config."""


class Papers(StreamSource):
    """A language model on a benchmark corpus in its published split; words are separated by blanks."""

    name: Literal["ptb", "wikitext2"]
    """The corpus: Penn Treebank, or WikiText-2."""
    level: Literal["word", "character", "subword"] = "word"
    """The unit of a token; characters are those of each line, with blanks as `_`, and `<eos>`."""
    vocabulary: Annotated[int, Field(ge=2, le=2**31 - 1)] | None = None
    """The largest number of distinct tokens, `<unk>` included; null keeps all, as the papers do."""
    folder: str | None = None
    """The folder or archive of the files; null uses the files given to `rnnlab data prepare NAME --from FOLDER`."""

    @property
    def splitting(self) -> str:
        """How lines are split: the corpora are tokenised already."""
        return {"word": "blank", "character": "underscored"}.get(self.level, self.level)


def read(config: Papers) -> Reading:
    """Return the lines of each split after checking their counts; raise UserError if the counts differ."""
    corpus = CORPORA[config.name]
    return Reading(
        {name: partial(_rows, path) for name, path in checked(config.name, config.folder).items()},
        {"licence": corpus.licence, "citation": corpus.citation, "url": corpus.url},
    )


def checked(name: str, folder: str | None) -> dict[str, Path]:
    """Return the file of each split of a corpus; raise UserError if one is missing or has the wrong counts."""
    corpus = CORPORA[name]
    paths = folder_of(name, folder, corpus.files, corpus.url)
    for (split, path), expected in zip(paths.items(), corpus.counts, strict=True):
        known = {END_OF_LINE}
        count = 0
        for _, line in lines(path):
            words = line.split()
            count += len(words) + 1
            known.update(words)
        if count != expected:
            raise UserError(f"{path} is not the {split} split of {name}: it has {count:,} words with <eos>, not {expected:,}")
        if split == "train" and len(known) != corpus.words:
            raise UserError(f"{path} is not of {name}: it has {len(known):,} different words, not {corpus.words:,}")
    return paths


def _rows(path: Path) -> Iterator[Row]:
    for number, line in lines(path):
        yield Row(line.strip() + "\n", place=f"{path}:{number}")
