"""Looks at growing data: every look that may name a winner spends a part of the error that is allowed in all.

Testing again whenever a seed is added finds a difference between equal variants in 23 % of the cases (3 to 20 seeds, level .05
each time). So the level .05 is a budget: a look spends seven tenths of what the looks before it left, .035, .0105, .0032, ...;
however many looks follow, the sum stays under .05 (Bonferroni's inequality over looks). Looking again at the same number of
seeds is the same look; a look at fewer than 6 seeds, or before all planned seeds have ended, can claim nothing and spends
nothing.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rnnlab.errors import UserError

FILE = "comparison.json"
"""Where looks are kept, in the folder of each experiment that was looked at."""
ALPHA = 0.05
SHARE = 0.7


@dataclass(frozen=True)
class Look:
    """One look at the answer to one question: at how many seeds, and how much of the level it spent."""

    question: str
    """What was asked: metric, baseline and grouping; every question has a budget of its own."""
    seeds: int
    alpha: float


def look_again(looks: Sequence[Look], question: str, seeds: int, may_claim: bool) -> tuple[Look, list[Look]]:
    """Return the look at `seeds` seeds and the whole list with it; a look already taken is found, not repeated.

    >>> first, looks = look_again([], "test_perplexity against none", 8, True)
    >>> second, looks = look_again(looks, "test_perplexity against none", 12, True)
    >>> round(first.alpha, 4), round(second.alpha, 4), len(looks)
    (0.035, 0.0105, 2)
    """
    known = next((look for look in looks if (look.question, look.seeds) == (question, seeds)), None)
    if known and (known.alpha or not may_claim):
        return known, list(looks)
    look = Look(question, seeds, next_alpha(looks, question) if may_claim else 0.0)
    return look, [*(one for one in looks if one != known), look]


def earlier_looks(folders: Iterable[str | Path]) -> list[Look]:
    """Return the looks that are recorded in the folders, each once; raise UserError where a record is damaged."""
    return list(dict.fromkeys(look for folder in folders for look in _recorded(Path(folder) / FILE)))


def _recorded(file: Path) -> list[Look]:
    if not file.exists():
        return []
    try:
        return [Look(**look) for look in json.loads(file.read_text(encoding="utf-8"))["looks"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise UserError(f"{file} is damaged: it should hold the looks taken so far; move it away to begin anew") from None


def next_alpha(looks: Sequence[Look], question: str) -> float:
    """Return the level that the next look at `question` may spend."""
    left = ALPHA - sum(look.alpha for look in looks if look.question == question)
    return round(SHARE * left, 9)
