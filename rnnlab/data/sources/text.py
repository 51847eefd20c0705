"""Any text: files of one's own for the splits, or fractions of one text."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Literal

from pydantic import model_validator

from rnnlab.data.sources.reading import Reading, Row, found, lines
from rnnlab.data.sources.source_config import Files, Fraction, Stream
from rnnlab.errors import UserError
from rnnlab.section import conflict


class Text(Stream):
    """A language model of text files: one file or glob a split, or fractions of the training files in their order."""

    name: Literal["text"]
    """The name of the data set."""
    train: Files
    """The files to train on; validation and test take their lines from the end, where they have no files."""
    validation: Files | Fraction = 0.1
    """The files, or the fraction of the training lines, to choose the best epoch on."""
    test: Files | Fraction = 0.1
    """The files, or the fraction of the training lines, for the final figure."""
    encoding: str = "utf-8"
    """How the files are encoded."""

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
    paths = found(config.train)
    own = {name: getattr(config, name) for name in ("validation", "test")}
    parts = {name: part for name, part in own.items() if isinstance(part, float)}
    whole = partial(_lines, paths, config.encoding)
    splits: dict[str, Callable[[], Iterable[Row]]] = {
        name: partial(_lines, found(part), config.encoding) for name, part in own.items() if not isinstance(part, float)
    }
    total = sum(1 for _ in whole()) if parts else 0
    end = total
    for name in reversed(parts):
        begin = end - max(1, round(total * parts[name]))
        splits[name], end = partial(_slice, whole, begin, end), begin
    if parts and end < 1:
        raise UserError(f"{paths[0]} has {total} lines, too few to give every split one; name a file for each split")
    splits["train"] = partial(_slice, whole, 0, end if parts else None)
    return Reading(splits)


def _lines(paths: list[Path], encoding: str) -> Iterator[Row]:
    for path in paths:
        for number, line in lines(path, encoding):
            yield Row(line, place=f"{path}:{number}")


def _slice(rows: Callable[[], Iterator[Row]], begin: int, end: int | None) -> Iterator[Row]:
    return islice(rows(), begin, end)
