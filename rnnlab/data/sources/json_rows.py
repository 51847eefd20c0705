"""Rows of JSON: a list of them, a mapping of columns, or what pandas writes."""

import json
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from rnnlab.data.sources.column_names import chosen
from rnnlab.documents import Fields, Plain, Record
from rnnlab.errors import UserError

HALF, HALF_READ = re.compile(r"\\u[dD][89a-fA-F]"), re.compile("[\ud800-\udfff]")
"""Halves of characters in JSON, as they are written and as they are read."""


def whole(path: Path, text: str, wanted: Collection[str] = ()) -> list[Any]:
    """Return the rows of one document: a list, a mapping of columns or of rows, or the one list of mappings that it holds.

    A mapping of mappings is one of rows where these have the `wanted` columns.

    >>> whole(Path("a.json"), '{"version": 1, "data": [{"text": "a"}]}')
    [{'text': 'a'}]
    """
    document = parsed(str(path), text)
    if isinstance(document, dict) and set(document) == {"columns", "index", "data"}:  # pandas' orient="split"
        document = [dict(zip(document["columns"], row, strict=True)) for row in document["data"]]
    if isinstance(document, dict) and len(inside := [part for part in document.values() if _is_rows(part)]) == 1:
        document = inside[0]
    if (
        isinstance(document, dict)
        and wanted
        and all(isinstance(row, dict) and row.keys() >= set(wanted) for row in document.values())
    ):
        document = list(document.values())  # pandas' orient="index"
    if isinstance(document, dict):
        document = _turned(path, document)
    if not isinstance(document, list):
        raise UserError(f"{path} should be a list of rows, got {str(document)[:60]}")
    return document


def _is_rows(part: object) -> bool:
    return isinstance(part, list) and bool(part) and all(isinstance(row, dict) for row in part)


def _turned(path: Path, whole: Fields) -> list[Record]:
    """The rows of a mapping of columns, each a list, or a mapping by row as pandas writes it."""
    columns = {name: list(cells.values()) if isinstance(cells, dict) else cells for name, cells in whole.items()}
    if not columns or not all(isinstance(cells, list) for cells in columns.values()):
        raise UserError(f"{path} should be a list of rows or a mapping of columns, got a mapping of {', '.join(columns)[:60]}")
    if len(set(map(len, columns.values()))) > 1:
        raise UserError(f"{path} has columns of different lengths: {', '.join(f'{k} {len(v)}' for k, v in columns.items())}")
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def parsed(place: str, text: str) -> Any:
    """Return the value of a JSON text; raise UserError where it is not JSON, and where a name occurs twice."""
    try:
        document = json.loads(text, object_pairs_hook=_pairs(place))
    except json.JSONDecodeError as error:
        where = f"column {error.colno}" if "\n" not in text.strip() else f"line {error.lineno}, column {error.colno}"
        raise UserError(f"{place} is not valid JSON: {error.msg} ({where})") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{place} is not valid JSON: {error}") from None
    if HALF.search(text) and HALF_READ.search(json.dumps(document, ensure_ascii=False)):
        raise UserError(f"{place}: half a character, such as \\ud83d without what follows it, is no text")
    return document


def _pairs(place: str) -> Callable[[list[tuple[str, Plain]]], Record]:
    def pairs(given: list[tuple[str, Plain]]) -> Record:
        made = dict(given)
        if len(made) != len(given):
            chosen(place, [name for name, _ in given], made)
        return made

    return pairs
