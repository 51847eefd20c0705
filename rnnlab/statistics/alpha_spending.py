"""Interim analyses of growing data: each one that may name a winner spends part of the significance level.

Testing again whenever a seed is added finds a difference between equal variants in 23 % of the cases (3 to 20 seeds, level .05
each time). So .05 is a budget: an analysis spends seven tenths of what the earlier ones left: .035, .0105, .0032, ... ;
the sum stays under .05 however many follow (Bonferroni's inequality). Repeating the analysis at the same number of seeds spends
nothing more; an analysis at fewer than 6 seeds, or before all planned seeds have ended, can claim nothing and spends nothing.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rnnlab.errors import UserError

FILE = "comparison.json"
"""The file, in the folder of each experiment, that records the analyses made so far."""
ALPHA = 0.05
SHARE = 0.7


@dataclass(frozen=True)
class InterimAnalysis:
    """One analysis of one question: at how many seeds, and how much of the level it spent."""

    question: str
    """The question: metric, baseline and grouping; every question has its own budget."""
    seeds: int
    alpha: float


def analyse_again(
    analyses: Sequence[InterimAnalysis], question: str, seeds: int, may_claim: bool
) -> tuple[InterimAnalysis, list[InterimAnalysis]]:
    """Return the analysis at `seeds` seeds and the list that includes it; one already recorded is returned, not repeated.

    >>> first, analyses = analyse_again([], "test_perplexity against none", 8, True)
    >>> second, analyses = analyse_again(analyses, "test_perplexity against none", 12, True)
    >>> round(first.alpha, 4), round(second.alpha, 4), len(analyses)
    (0.035, 0.0105, 2)
    """
    known = next((analysis for analysis in analyses if (analysis.question, analysis.seeds) == (question, seeds)), None)
    if known and (known.alpha or not may_claim):
        return known, list(analyses)
    analysis = InterimAnalysis(question, seeds, next_alpha(analyses, question) if may_claim else 0.0)
    return analysis, [*(one for one in analyses if one != known), analysis]


def earlier_analyses(folders: Iterable[str | Path]) -> list[InterimAnalysis]:
    """Return the analyses recorded in the folders, each once; raise UserError where a record is damaged."""
    return list(dict.fromkeys(analysis for folder in folders for analysis in _recorded(Path(folder) / FILE)))


def _recorded(file: Path) -> list[InterimAnalysis]:
    if not file.exists():
        return []
    try:
        return [InterimAnalysis(**analysis) for analysis in json.loads(file.read_text(encoding="utf-8"))["analyses"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise UserError(
            f"{file} is damaged: it should record the interim analyses made so far; move it away to start again"
        ) from None


def next_alpha(analyses: Sequence[InterimAnalysis], question: str) -> float:
    """Return the level that the next analysis of `question` may spend."""
    left = ALPHA - sum(analysis.alpha for analysis in analyses if analysis.question == question)
    return round(SHARE * left, 9)
