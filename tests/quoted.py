"""Numbers of the prose that are bound to a record by a marker behind them: 8.43<!-- published/README.md JSB chorales, GRU -->.

The marker names a file below experiments/ and a key in it. In a .json file that is the path of a value, where `[variant=gru]`
keeps some entries of a list, and several values have their mean. In a .md file, whose tables other tests bind to their records,
it is the beginning of a row.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Any

RECORDS = Path(__file__).parents[1] / "experiments"
MARKED = re.compile(r"(\d[\d,]*(?:\.\d+)?(?:e[-+]\d+)?)(?: %)?<!-- (\S+\.(?:json|md)) (.+?) -->")
NUMBER = re.compile(r"(?<![\w.])\d[\d,]*\.\d+(?:e[-+]\d+)?")


def marked(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield each marked number with its file and key."""
    yield from MARKED.findall(text)


def unmarked(text: str) -> list[str]:
    """Return the numbers with a decimal point that have no marker.

    >>> unmarked("8.43<!-- a.json b --> of 8.5")
    ['8.5']
    """
    return NUMBER.findall(re.sub(r"<!--.*?-->", "", MARKED.sub("", text)))


def stands(number: str, file: str, key: str, records: Path = RECORDS) -> bool:
    """Return whether the record holds this number, to the digits that are quoted."""
    text = (records / file).read_text()
    if file.endswith(".md"):
        rows = [line.replace("\\", "") for line in text.splitlines() if line.replace("\\", "").startswith(f"| {key}")]
        return any(re.search(rf"(?<![\d.]){re.escape(number)}(?![\d]|\.\d)", row) for row in rows)
    value = held(json.loads(text), key)
    digits = len(number.partition(".")[2])
    return (
        f"{value:.{len(number.partition('e')[0].partition('.')[2])}e}" if "e" in number else f"{value:.{digits}f}"
    ) == number


def held(value: Any, key: str) -> float:
    """Return the value at a path of keys, the mean where there are several.

    >>> held({"runs": [{"of": "gru", "test": 1}, {"of": "gru", "test": 2}, {"of": "lstm", "test": 9}]}, "runs[of=gru].test")
    1.5
    """
    values = [value]
    for name, condition in re.findall(r"([^.\[\]]+)(?:\[(.+?)\])?", key):
        several = [one[name] for one in values]
        values = [one for part in several for one in (part if isinstance(part, list) else [part])]
        if condition:
            field, _, wanted = condition.partition("=")
            values = [one for one in values if str(one[field]) == wanted]
    return float(mean(values))
