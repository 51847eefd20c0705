"""Rows become arrays: tokens are numbered by the vocabulary of the training split, labels by their sorted names."""

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from rnnlab.data.prepared import Appending
from rnnlab.data.segmentation import END_OF_LINE, UNKNOWN
from rnnlab.data.sources import arrays, beside
from rnnlab.data.sources.encoders import STRANGE
from rnnlab.data.sources.numbers import LARGEST_TARGET
from rnnlab.data.sources.reading import Reading, Row
from rnnlab.data.sources.source_config import SPLITS, Config
from rnnlab.data.tokenizer import Codec
from rnnlab.documents import Record
from rnnlab.errors import UserError
from rnnlab.names import nearest


def tokens(folder: Path, config: Config, reading: Reading) -> Record:
    """Write values, offsets and targets of each split, and return what is known: codec, counts, unknown words."""
    rows = {name: partial(_first, reading.splits[name], config.limit_examples) for name in SPLITS}
    labels: set[str] = set()
    codec = Codec.learnt(config.splitting, config.lower, lambda: _inputs(rows["train"](), labels), config.vocabulary)
    number = _numbering(config, labels)
    if codec.vocabulary and set(codec.vocabulary.tokens) <= {UNKNOWN, END_OF_LINE}:
        raise UserError(f"the training split of {config.name} has no words, only blank lines")
    written = {}
    for name in SPLITS:
        written[name] = _write(folder / name, rows[name](), codec.encode, number)
        if not written[name]["steps"]:
            rare = "; a label with fewer rows than there are splits goes to training" if labels else ""
            raise UserError(f"the {name} split of {config.name} is empty{rare}")
    codec = replace(
        codec, labels=tuple(number.labels) if isinstance(number, LabelNumbers | SeveralLabels) else (), targets=reading.targets
    )
    odd = _constant(folder, config) if config.task == "regression" else []
    if isinstance(number, SeveralLabels):
        odd = _everywhere(np.load(folder / "train.targets.npy"), number.labels, config.name)
    if columns := getattr(config, "besides", []):
        codec = replace(codec, beside=beside.learnt(list(rows["train"]()), columns))
        odd += [line for name in SPLITS for line in _write_beside(folder / name, list(rows[name]()), codec.beside)]
    reading.about.update({"told": [*reading.about.get("told", []), *odd]} if odd else {})
    return {**reading.about, "codec": codec.document(), "splits": written}


def _constant(folder: Path, config: Config) -> list[str]:
    """The messages for numbers to predict that never change."""
    names = getattr(config, "values", None) or ["value"]
    return arrays.check_varies(f"{config.name}: {', '.join(names)}", np.load(folder / "train.targets.npy"), names)


def _write_beside(path: Path, rows: list[Row], known: beside.Encoders) -> list[str]:
    """Write the features beside the texts of a split; return the messages for categories that training lacks."""
    np.save(path.with_name(f"{path.name}.beside.npy"), beside.encoded(rows, known))
    strange = Counter(one for row in rows for one in beside.unknown(row, known))
    return [f"{one} {STRANGE}; {path.name} has it in {count} of {len(rows)} rows" for one, count in strange.items()]


def _inputs(rows: Iterable[Row], labels: set[str]) -> Iterator[str | list[str]]:
    """The texts, whose labels are noted in the same pass, since reading takes the time."""
    for row in rows:
        labels.update(map(str, _list(row.target)))
        yield row.input


def _first(rows: Callable[[], Iterable[Row]], limit: int | None) -> Iterable[Row]:
    return islice(rows(), limit)


def _write(
    path: Path, rows: Iterable[Row], encode: Callable[[str | list[str]], np.ndarray], number: Callable | None
) -> dict[str, int]:
    """Write one split piece by piece; a text has no examples, and so neither offsets nor targets."""
    lengths, targets, unknown = [0], [], 0
    with Appending(path.with_name(f"{path.name}.values.npy"), np.int32) as values:
        for row in rows:
            piece = encode(row.input)
            unknown += int(np.count_nonzero(piece == 0))
            values.add(piece)
            if number:
                if not len(piece):
                    raise UserError(f"{row.place}: the text has no tokens")
                lengths.append(len(piece))
                targets.append(number(row))
    if number:
        np.save(path.with_name(f"{path.name}.offsets.npy"), np.cumsum(lengths, dtype=np.int64))
        np.save(path.with_name(f"{path.name}.targets.npy"), np.concatenate(targets) if targets else np.zeros(0))
    return {"steps": values.count, "unknown": unknown, **({"examples": len(targets)} if number else {})}


def _everywhere(marks: np.ndarray, labels: list[str], name: str) -> list[str]:
    """In words which labels every row [rows, labels] has; raise UserError where all rows have the same."""
    if (marks == marks[:1]).all():
        own = ", ".join(repr(label) for label, mark in zip(labels, marks[0], strict=True) if mark)
        raise UserError(f"every row of the training split of {name} has the same labels, {own}: there is nothing to learn")
    common = [label for label, count in zip(labels, marks.sum(axis=0), strict=True) if count == len(marks)]
    return [f"every row of the training split has the label {label!r}: there is nothing to learn about it" for label in common]


class LabelNumbers:
    """Numbers the labels of a row by their place among the names."""

    def __init__(self, names: Iterable[str]):
        self.labels = list(names)
        self._places = {name: place for place, name in enumerate(self.labels)}

    def __call__(self, row: Row) -> np.ndarray:
        """Return the numbers of a row's labels."""
        labels = row.target if isinstance(row.target, list) else [row.target]
        for label in labels:
            if str(label) not in self._places:
                strange = f"{row.place}: the label {label!r} is not in the training split{nearest(label, self.labels)}"
                raise UserError(f"{strange}; it has {', '.join(self.labels[:12])}")
        return np.array([self._places[str(label)] for label in labels], np.int32)


class SeveralLabels:
    """Marks the labels of a row by ones among zeros."""

    def __init__(self, names: Iterable[str]):
        self._one = LabelNumbers(names)
        self.labels = self._one.labels

    def __call__(self, row: Row) -> np.ndarray:
        """Return [1, labels], float32: one for every label that the row has."""
        marks = np.zeros((1, len(self.labels)), np.float32)
        marks[0, self._one(row)] = 1
        return marks


def numbers(row: Row) -> np.ndarray:
    """Return the target numbers [1, outputs] of a row; raise UserError at what is not a finite number."""
    wanted = row.target if isinstance(row.target, list) else [row.target]
    try:
        values = [float(value) for value in wanted]
    except (TypeError, ValueError):
        raise UserError(f"{row.place}: {row.target!r} should be a number") from None
    if not all(map(math.isfinite, values)):
        raise UserError(f"{row.place}: {row.target!r} should be finite")
    if max(map(abs, values), default=0.0) > LARGEST_TARGET:
        raise UserError(
            f"{row.place}: {row.target!r} should be up to {LARGEST_TARGET:g} since its square is the loss (32 bits)"
        )
    return np.array([values], np.float32)


def _numbering(config: Config, labels: Collection[str]) -> Callable | None:
    if config.task in ("language_model", "character_model"):
        return None
    if config.task == "regression":
        return numbers
    if config.task == "labelling":
        if not labels:
            raise UserError(f"no row of the training split of {config.name} has a label")
        return SeveralLabels(sorted(labels))
    if config.task == "classification" and len(labels) < 2:
        raise UserError(f"every row of the training split of {config.name} has the label {', '.join(labels)!r}; two are needed")
    return LabelNumbers(sorted(labels))


def _list(target: object) -> list:
    return target if isinstance(target, list) else [target]
