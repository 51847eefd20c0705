"""A verdict on a variant, from a fixed list, and never beyond what the numbers allow."""

from dataclasses import dataclass

from rnnlab.statistics.paired import Difference, Question
from rnnlab.statistics.permutation import FEWEST_SEEDS

VERDICTS = ("better", "worse", "equivalent", "undecided", "exploratory")


@dataclass(frozen=True)
class Counts:
    """How the planned seeds of a variant ended."""

    planned: int
    done: int
    collapsed: int
    """Ended, but far worse than the variant's other seeds: see `rnnlab.statistics.intervals.outliers`."""
    diverged: int
    failed: int
    missing: int

    @property
    def lost(self) -> int:
        """Seeds that ended without a usable value."""
        return self.collapsed + self.diverged

    @property
    def ended(self) -> int:
        """Seeds whose outcome is known: a failed run can be run again, a diverged one would diverge again."""
        return self.done + self.lost

    @property
    def may_claim(self) -> bool:
        """Whether every planned seed has ended and there are enough of them."""
        return self.ended == self.planned >= FEWEST_SEEDS


@dataclass(frozen=True)
class Case:
    """A variant against the baseline, with all that a verdict needs to know."""

    variant: str
    baseline: str
    metric: str
    difference: Difference
    variant_counts: Counts
    baseline_counts: Counts
    question: Question
    family: int
    """The number of variants compared with the baseline."""

    @property
    def may_claim(self) -> bool:
        """Whether both sides are complete."""
        return self.variant_counts.may_claim and self.baseline_counts.may_claim

    @property
    def lost(self) -> int:
        """Seeds that either side lost."""
        return self.variant_counts.lost + self.baseline_counts.lost


def decide(case: Case) -> str:
    """Return which of VERDICTS the numbers allow.

    Equivalent: no seed was lost and TOST reaches the level of this analysis. Better or worse: the joint sign-flip test reaches
    it and the simultaneous interval excludes zero; where seeds were lost the test alone decides, with those seeds at the worst
    rank.
    """
    difference = case.difference
    if not case.may_claim:
        return "exploratory"
    if difference.equivalence_p is not None and difference.equivalence_p <= case.question.alpha and not case.lost:
        return "equivalent"
    if difference.p is None or difference.p > case.question.alpha or not (difference.excludes_zero or case.lost):
        return "undecided"
    return {1: "better", -1: "worse", 0: "undecided"}[difference.direction]
