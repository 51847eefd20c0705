"""Any text: separate files for the splits, or fractions of one text."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Literal

from pydantic import field_validator, model_validator

from rnnlab.data.segmentation import LEVELS
from rnnlab.data.sources.encodings import known_encoding
from rnnlab.data.sources.reading import Reading, Row, files_matching, lines
from rnnlab.data.sources.source_config import Files, Fraction, StreamSource
from rnnlab.errors import UserError
from rnnlab.section import conflict


class Text(StreamSource):
    """A language model on text files: one file or glob per split, or fractions of the training files in their order."""

    name: Literal["text"]
    """The name of the data set."""
    train: Files
    """The files to train on; a validation or test fraction is taken from the end."""
    validation: Files | Fraction = 0.1
    """The files, or the fraction of the training lines, that select the best epoch."""
    test: Files | Fraction = 0.1
    """The files, or the fraction of the training lines, for the final score."""
    encoding: str | None = None
    """The encoding of the files; null uses UTF-8, or UTF-16 for files that begin like it."""

    @field_validator("encoding")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        return None if name is None else known_encoding(name)

    @model_validator(mode="after")
    def _leaves_something(self) -> "Text":
        parts = [part for part in (self.validation, self.test) if isinstance(part, float)]
        if sum(parts) >= 1:
            raise conflict(
                ("test",), f"validation and test take {sum(parts):g} of the text and leave nothing to train on", self.test
            )
        return self


def read(config: Text) -> Reading:
    """Return the lines of each split; a fraction is counted in lines, from the end of the training files."""
    paths = files_matching(config.train)
    own = {name: getattr(config, name) for name in ("validation", "test")}
    parts = {name: part for name, part in own.items() if isinstance(part, float)}
    whole = partial(_lines, paths, config.encoding)
    splits: dict[str, Callable[[], Iterable[Row]]] = {
        name: partial(_lines, files_matching(part), config.encoding)
        for name, part in own.items()
        if not isinstance(part, float)
    }
    total = sum(1 for _ in whole()) if parts else 0
    if parts and total * min(parts.values()) < 1:
        told = f"{paths[0]} has {total} line{'s' * (total > 1)}, so the splits are cut between tokens instead of lines"
        return Reading({**splits, **_by_tokens(config, list(whole()), parts)}, {"told": [told]})
    end = total
    for name in reversed(parts):
        begin = end - max(1, round(total * parts[name]))
        splits[name], end = partial(_slice, whole, begin, end), begin
    splits["train"] = partial(_slice, whole, 0, end if parts else None)
    return Reading(splits)


def _by_tokens(config: Text, rows: list[Row], parts: dict[str, float]) -> dict[str, Callable[[], Iterable[Row]]]:
    """The splits of a text that has too few lines, cut between tokens."""
    text, place = "".join(row.input for row in rows), rows[0].place
    pieces = re.findall(r"\s*\S+\s*", text) if config.level == "subword" else LEVELS[config.splitting].split(text)
    bounds = [len(pieces)]
    for name in reversed(parts):
        bounds.append(bounds[-1] - max(1, round(len(pieces) * parts[name])))
    if bounds[-1] < 1:
        count = f"{len(pieces)} tokens" if len(pieces) != 1 else "one token"
        raise UserError(f"{place}: the text has {count} by level: {config.level}, too few for train, {' and '.join(parts)}")
    ends = dict(zip((*reversed(parts), "train"), bounds, strict=True))
    begins = dict(zip(reversed(parts), bounds[1:], strict=True))
    cut = {name: pieces[begins.get(name, 0) : end] for name, end in ends.items()}
    joined = {name: "".join(part) if config.level == "subword" else part for name, part in cut.items()}
    return {name: partial(list, [Row(part, place=place)]) for name, part in joined.items()}


def _lines(paths: list[Path], encoding: str | None) -> Iterator[Row]:
    for path in paths:
        for number, line in lines(path, encoding):
            yield Row(line, place=f"{path}:{number}")


def _slice(rows: Callable[[], Iterator[Row]], begin: int, end: int | None) -> Iterator[Row]:
    return islice(rows(), begin, end)
