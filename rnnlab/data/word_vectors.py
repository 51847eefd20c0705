"""Files of word vectors: the text formats of GloVe and fastText, plain or gzipped, and a NumPy array beside a list of words."""

import gzip
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from rnnlab.errors import UserError

SEEN = 100
"""Lines from which the width of a file without a header is inferred: a token that holds blanks looks like a wider line."""


class VectorTable(NamedTuple):
    """The vectors of some tokens."""

    rows: np.ndarray
    """[tokens, width], float32; zero where the file has no vector."""
    known: np.ndarray
    """Whether the file has a vector, [tokens]."""


def width_of(path: Path) -> int:
    """Return the elements of a vector; raise UserError where the file has no vectors."""
    if _is_array(path):
        return int(_array(path).shape[1])
    with _opened(path) as file:
        header = _header(first := file.readline())
        if header:
            return header[1]
        widths = Counter(line.rstrip().count(b" ") for line in (first, *islice(file, SEEN)) if line.strip())
    usual = min(widths, key=lambda width: (-widths[width], width), default=0)
    if not usual:
        raise UserError(f"{path}:1 should be a token and its numbers between blanks, got {_shown(first)}")
    return usual


def read(path: Path, words: Path | None, tokens: Sequence[str]) -> VectorTable:
    """Return the vectors of tokens, read in one pass that keeps nothing else; of a token that stands twice, the first.

    A text file has a token and its numbers on a line, maybe after a header `count width`, as fastText writes it; a token may
    hold blanks. An array [words, width] needs its list of words, one on a line. Raises UserError naming file and line.
    """
    table = VectorTable(np.zeros((len(tokens), width_of(path)), np.float32), np.zeros(len(tokens), bool))
    numbers = {token.encode(): number for number, token in reversed(list(enumerate(tokens)))}
    (_fill_from_array if _is_array(path) else _fill_from_text)(table, numbers, path, words)
    if wrong := np.argwhere(~np.isfinite(table.rows)).tolist():
        raise UserError(f"{path}: the vector of {tokens[wrong[0][0]]!r} should be finite numbers")
    return table


def _fill_from_text(table: VectorTable, numbers: dict[bytes, int], path: Path, words: Path | None) -> None:
    if words:
        raise UserError(f"{path} has its own words; words: goes with an array (.npy)")
    width, begins = table.rows.shape[1], {token.partition(b" ")[0] for token in numbers}
    place, count, header = 0, 0, None
    with _opened(path) as file:
        for place, line in enumerate(file, 1):
            if place == 1 and (header := _header(line)):
                continue
            line = line.rstrip()
            count += bool(line)
            if line and line.count(b" ") < width:
                raise UserError(f"{path}:{place} should be a token and {width} numbers, got {_shown(line)}")
            if line.partition(b" ")[0] in begins:
                token, *values = line.rsplit(b" ", width)
                _keep(table, numbers.get(token), values, f"{path}:{place}")
    if header and count < header[0]:
        raise UserError(f"{path} is cut off: its header announces {header[0]:,} vectors, it has {count:,}")


def _keep(table: VectorTable, number: int | None, values: list[bytes], place: str) -> None:
    if number is None or table.known[number]:
        return
    try:
        table.rows[number] = [float(value) for value in values]
    except ValueError:
        raise UserError(f"{place} should be a token and {len(values)} numbers, got {_shown(b' '.join(values))}") from None
    table.known[number] = True


def _fill_from_array(table: VectorTable, numbers: dict[bytes, int], path: Path, words: Path | None) -> None:
    if words is None:
        raise UserError(f"{path} needs the list of its words, one on a line: words: FILE")
    with _opened(words) as file:
        listed = [line.rstrip(b"\r\n") for line in file]
    vectors = _array(path)
    if len(listed) != len(vectors):
        raise UserError(f"{words} has {len(listed):,} words, {path} {len(vectors):,} vectors")
    for place, token in enumerate(listed):
        number = numbers.get(token)
        if number is not None and not table.known[number]:
            table.rows[number], table.known[number] = vectors[place], True


def _is_array(path: Path) -> bool:
    return path.suffix.lower() == ".npy"


def _array(path: Path) -> np.ndarray:
    """The vectors, memory-mapped."""
    try:
        vectors = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"{path} is not a complete .npy file: {error}") from None
    if vectors.ndim != 2 or vectors.dtype.kind not in "fiu" or not vectors.size:
        raise UserError(f"{path} should be numbers [words, width], got {vectors.dtype} {list(vectors.shape)}")
    return vectors


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """A file of text, unpacked where it is gzipped."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as opened:
            yield opened  # type: ignore[misc]
    except (OSError, EOFError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None


def _header(line: bytes) -> tuple[int, int] | None:
    """The count and the width in a first line, None if it is not a header."""
    parts = line.split()
    return (int(parts[0]), int(parts[1])) if len(parts) == 2 and all(part.isdigit() for part in parts) else None


def _shown(line: bytes) -> str:
    return repr(line[:60].decode(errors="replace"))
