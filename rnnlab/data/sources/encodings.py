"""Files of text: unpacked, and decoded as they say themselves or as their section says, with the line of a wrong byte."""

import bz2
import codecs
import gzip
import lzma
import re
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import IO

from rnnlab.errors import UserError

UNPACK: dict[str, Callable[..., IO]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
"""The functions that open packed files, by suffix."""
PACKED = {b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"\xfd7zXZ\0": ".xz"}
"""The first bytes of packed files, whatever their suffix."""
NO_TEXT = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
}
"""The first bytes of files that are mistaken for text."""


def known_encoding(name: str) -> str:
    """Return the name of an encoding of text; raise ValueError where there is none of that name."""
    try:
        b"a".decode(name, "ignore")  # which refuses codecs that make no text
    except (LookupError, ValueError):
        raise ValueError(f"there is no encoding {name!r}; utf-8, utf-16, latin-1 and cp1252 are common") from None
    return name


def encoding_of(data: bytes) -> str:
    """Return the encoding that the first bytes of a file show, UTF-8 where they show none.

    >>> [encoding_of(data) for data in (b"text", b"\\xef\\xbb\\xbftext", "text".encode("utf-16"), "text".encode("utf-16-be"))]
    ['utf-8', 'utf-8-sig', 'utf-16', 'utf-16-be']
    """
    marks = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32"}
    marks |= {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
    for mark, name in marks.items():
        if data.startswith(mark):
            return name
    head = data[:1000]
    for name, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        if len(zeros) > 1 and zeros.count(0) > len(zeros) / 2:
            return name
    return "utf-8"


def content(path: Path) -> bytes:
    """Return the bytes of a file, unpacked; raise UserError where it is cut off, or no text at all."""
    try:
        with unpacking(path)(path, "rb") as file:
            data = bytes(file.read())
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    for mark, kind in NO_TEXT.items():
        if data.startswith(mark):
            raise UserError(f"{path} is {kind}, not text; save it as CSV")
    return data


def unpacking(path: Path) -> Callable[..., IO]:
    """Return the function that opens a file: one that unpacks it where its first bytes are those of an archive."""
    with path.open("rb") as file:
        head = file.read(6)
    return next((UNPACK[ending] for mark, ending in PACKED.items() if head.startswith(mark)), open)


def decoded(path: Path, encoding: str | None) -> tuple[str, dict[str, str]]:
    """Return the text of a file and the encoding where it was guessed; raise UserError with the line of a wrong byte."""
    data = content(path)
    name = encoding or encoding_of(data)
    if name.lower().replace("_", "-") in ("utf-8", "utf8"):
        name = "utf-8-sig"
    try:
        known_encoding(name)
        text = data.decode(name).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(name, errors="replace")
        line, column = len(re.findall(r"\r\n|\r|\n", before)) + 1, len(re.split(r"[\r\n]", before)[-1]) + 1
        said = f"{name.removesuffix('-sig')} text: byte {data[error.start]:#04x} at column {column}"
        raise UserError(f"{path}:{line} is not {said}; in the data section, encoding: latin-1 or cp1252 may fit") from None
    except ValueError as error:
        raise UserError(str(error)) from None
    return text, {} if encoding or name == "utf-8-sig" else {"encoding": name}


def opened(path: Path, encoding: str | None) -> TextIOWrapper:
    """Return a file opened as text; every kind of line end becomes a newline, and a mark at the beginning is left out."""
    unpack = unpacking(path)
    name = encoding
    if name is None or name.lower() in ("utf-8", "utf8"):
        with unpack(path, "rb") as file:
            head = encoding_of(file.read(1000))
        name = "utf-8-sig" if encoding or head == "utf-8" else head
    try:
        return TextIOWrapper(unpack(path, "rb"), known_encoding(name))
    except ValueError as error:
        raise UserError(str(error)) from None
