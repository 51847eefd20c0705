"""Variants summarised over their seeds and compared with the baseline."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rnnlab.comparison.outcomes import Outcome, Outcomes, nan_for_none, series
from rnnlab.comparison.pairing import pairing
from rnnlab.comparison.verdict import Case, Counts, decide
from rnnlab.comparison.wording import sentence
from rnnlab.statistics.intervals import Estimate, Proportion, mean_interval, rate_interval
from rnnlab.statistics.paired import Difference, Pair, Question, differences


@dataclass(frozen=True)
class Against:
    """A variant compared with the baseline."""

    pairing: str
    """"paired", or why the seeds are not pairs."""
    difference: Difference
    verdict: str
    words: str


@dataclass(frozen=True)
class VariantSummary:
    """A variant summarised over its seeds."""

    counts: Counts
    value: Estimate
    """The compared metric over the seeds that finished; the interval is that of the mean."""
    validation: Estimate
    train: Estimate
    gap: Estimate
    """Validation minus training value at the chosen epoch, noise off."""
    throughput: Estimate
    best_epoch: Estimate
    parameters: float | None
    lost: Proportion
    """How often a seed diverged or collapsed."""
    seeds: dict[int, Outcome]
    against: Against | None
    """None for the baseline itself."""


def compared_pairs(outcomes: Outcomes, pairs: Sequence[Pair], label: str, question: Question) -> dict[Pair, Against]:
    """Return the verdict on every pair (variant, baseline), simultaneous over all; `label` is the metric in plain words."""
    seeds = sorted({seed for of in outcomes.values() for seed in of})
    tested = differences({variant: series(of, seeds) for variant, of in outcomes.items()}, pairs, question)
    ended = {variant: counts(of) for variant, of in outcomes.items()}
    return {
        (one, other): _against(
            Case(one, other, label, difference, ended[one], ended[other], question, len(tested)),
            pairing(outcomes[one], outcomes[other]),
        )
        for (one, other), difference in tested.items()
    }


def counts(of: Mapping[int, Outcome]) -> Counts:
    """Return how a variant's seeds ended."""
    statuses = Counter(one.status for one in of.values())
    return Counts(len(of), **{status: statuses[status] for status in ("done", "collapsed", "diverged", "failed", "missing")})


def _against(case: Case, paired: str) -> Against:
    verdict = decide(case)
    return Against(paired, case.difference, verdict, sentence(verdict, case))


def summed_up(of: Mapping[int, Outcome], against: Against | None, overlap: float = 0.0) -> VariantSummary:
    """Return a variant's outcomes as means over its seeds."""
    ended = counts(of)
    return VariantSummary(
        counts=ended,
        value=_mean(of, "value", overlap),
        validation=_mean(of, "validation", overlap),
        train=_mean(of, "train", overlap),
        gap=_mean(of, "gap", overlap),
        throughput=_mean(of, "throughput", overlap),
        best_epoch=_mean(of, "best_epoch", overlap),
        parameters=next((one.parameters for one in of.values() if one.parameters is not None), None),
        lost=rate_interval(ended.lost, ended.ended),
        seeds=dict(of),
        against=against,
    )


def _mean(of: Mapping[int, Outcome], name: str, overlap: float) -> Estimate:
    known = [nan_for_none(getattr(one, name)) for one in of.values() if one.status == "done"]
    return mean_interval(known, overlap=overlap)
