"""The inputs of predictions: lines, a column of a table, an array, or a split of the run's own data."""

import sys
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from rnnlab.data.dataset import Split
from rnnlab.data.sources import arrays, frames
from rnnlab.data.sources.frames import RowPlace
from rnnlab.data.sources.layout import Layout
from rnnlab.data.sources.npz import Arrays
from rnnlab.data.sources.numbers import numbers_or_names
from rnnlab.data.sources.reading import Row, files_matching, lines
from rnnlab.data.sources.table import joined
from rnnlab.data.splits.fixed_length import Examples
from rnnlab.data.splits.variable_length import Ragged, with_beside
from rnnlab.errors import UserError
from rnnlab.trained.loading import data_of
from rnnlab.trained.predictor import Input, Predictor


def of_file(predictor: Predictor, file: str, column: str | None = None) -> Iterator[Input]:
    """Yield the inputs of a file: arrays of .npz, the texts of a table's column, else one text per line; - is standard input.

    A table's default column is the one that the run was trained on; a file is decoded as the data of the run. Raises UserError
    at what cannot be read.
    """
    if file == "-":
        return _texts(predictor, (line.rstrip("\r\n") for line in sys.stdin))
    (path,) = files_matching([file])
    if path.suffix == ".npz":
        return _arrays(predictor, path)
    own, ending = predictor.config.data, frames.ending(path)
    named = column or (ending != ".txt" and getattr(own, "text", None))
    if ending in frames.READERS and named:
        return _table(predictor, path, [named] if isinstance(named, str) else named)
    return _texts(predictor, (line.rstrip("\r\n") for _, line in lines(path, getattr(own, "encoding", None))))


def _texts(predictor: Predictor, texts: Iterable[str]) -> Iterator[Input]:
    return (predictor.text(text, row=row) for row, text in enumerate(texts, 1))


def _table(predictor: Predictor, path: Path, texts: list[str]) -> Iterator[Input]:
    """The rows of a table, with what stands beside their texts where the run has learnt from that."""
    own, columns = predictor.config.data, [name for name, _ in predictor.codec.beside]
    layout = own if isinstance(own, Layout) else Layout()
    frame = frames.read(path, [*texts, *columns], layout)
    several = [[cell if isinstance(cell, str) else "" for cell in frame.columns[name]] for name in texts]
    cells = [numbers_or_names(frame, name, layout) for name in columns]
    rows = (Row(text, place=RowPlace(frame, n), beside=[of[n] for of in cells]) for n, text in enumerate(joined(several)))
    return (predictor.text(row.input, row, row=number) for number, row in enumerate(rows, 1))


def _arrays(predictor: Predictor, path: Path) -> Iterator[Input]:
    """The examples of the arrays that the run learnt from, by their names there."""
    data = predictor.config.data
    if not isinstance(data, Arrays) or data.input is None:
        raise UserError(f"{path}: a run of {data.name} data reads no arrays; only runs of npz data with an input do")
    given = arrays.load(path, [name for name in (data.input, data.sizes) if name])
    x, place = given[data.input], f"{path}: {data.input!r}"
    sizes = arrays.sizes_of(place, x, given[data.sizes] if data.sizes else None)
    values = _tokens(predictor, place, x, sizes) if data.tokens else _features(predictor, place, x, sizes)
    ends = sizes.cumsum()
    pieces = zip(ends - sizes, ends, strict=True)
    return (predictor.numbers(values[begin:end], row=row) for row, (begin, end) in enumerate(pieces, 1))


def _tokens(predictor: Predictor, place: str, x: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    values, known = arrays.token_numbers(place, arrays.whole(x, sizes)), predictor.task.vocabulary
    if values.max() >= known:
        raise UserError(f"{place} has the token {values.max()}, the run was trained on {known} tokens, from 0")
    return values.astype(np.int32)


def _features(predictor: Predictor, place: str, x: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    values, wanted = arrays.columns(arrays.end_to_end(x, sizes)), predictor.task.batch_shape[2]
    arrays.check_finite(place, values, sizes)
    if values.shape[1] != wanted:
        raise UserError(f"{place} has {values.shape[1]} features, the run was trained on {wanted}")
    return values


def of_split(predictor: Predictor, name: str) -> Iterator[Input]:
    """Yield the examples of a split of the run's own data, in the order of the data, with their truth.

    Raises UserError where the data are no longer those that it was trained on.
    """
    split: Split = getattr(data_of(predictor.run), name)
    known = predictor.codec.vocabulary is not None
    for row, (x, y) in enumerate(_examples(split), 1):
        read = x[:, 0].astype(np.int32) if predictor.task.beside else x
        told = {"row": row, **(predictor.about(predictor.codec.decode(read)) if known else {})}
        words = [predictor.codec.vocabulary.tokens[int(number)] for number in read] if predictor.codec.vocabulary else []
        yield Input(x, told, words, y)


def _examples(split: Split) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Inputs and truth of each example."""
    if isinstance(split, Examples):
        return zip(split.x, split.y, strict=True)
    if isinstance(split, Ragged):
        return map(partial(_ragged, split), range(len(split.lengths)))
    raise UserError("the split is one long sequence, without examples")


def _ragged(split: Ragged, place: int) -> tuple[np.ndarray, np.ndarray]:
    length = int(split.lengths[place])
    begin = int(split.offsets[place + 1]) - length if split.keep == "tail" else int(split.offsets[place])
    steps = slice(begin, begin + length)
    values = np.asarray(split.values[steps])
    x = values.astype(np.int32 if values.ndim == 1 and values.dtype.kind != "f" else np.float32)
    if split.beside is not None:
        x = with_beside(x, split.beside[place])
    return x, split.targets[steps if split.per_step else place]
