"""Variants against a baseline, seed by seed: every number that a verdict rests on.

A variant's values are an array (seeds,): NaN where a seed has none, inf where its run was lost: worse than any value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlab.statistics.intervals import (
    Array,
    Estimate,
    Proportion,
    corrected_p,
    equivalence_p,
    hedges_g_av,
    mean_interval,
    rate_interval,
)
from rnnlab.statistics.permutation import max_t, signed_ranks
from rnnlab.statistics.power import detectable, seeds_needed

Pair = tuple[str, str]
"""A variant and the one it is compared with."""


@dataclass(frozen=True)
class Question:
    """How variants are compared: which way is better, on which scale, at which level, within which margin."""

    lower_is_better: bool = True
    log: bool = False
    """Compare logs as well, as for perplexity, whose log is the loss."""
    alpha: float = 0.05
    """The level at which these seeds are tested."""
    next_alpha: float = 0.05
    """The level at which more seeds would be tested."""
    margin: float | None = None
    """A difference inside ± margin, in units of the metric, is as good as none."""
    overlap: float = 0.0
    """Test rows over training rows where the values are from folds of the same rows, which are not independent; else 0."""

    @property
    def trial(self) -> str:
        """The unit of replication: a seed, or a fold."""
        return "fold" if self.overlap else "seed"


@dataclass(frozen=True)
class Difference:
    """A variant minus the baseline, in units of the metric."""

    estimate: Estimate
    """Over the seeds that both finished; the interval is simultaneous over the variants of the family."""
    alone: Estimate
    """The same with the interval of this one variant only."""
    percent: Estimate | None
    """100 (exp(mean difference of logs) - 1), simultaneous; `sd` is 100 times that of the logs; only on the log scale."""
    better: int
    ties: int
    worse: int
    direction: int
    """+1 where the variant tends to be better, -1 where worse, 0 where neither."""
    beats: Proportion
    """The probability of beating the baseline on a new seed; a tie is not a win, a collapse is a loss."""
    p: float | None
    """Joint sign-flip p, collapsed seeds at the worst rank; of folds that of the corrected t test, none where one was lost."""
    p_finished: float | None
    """The same over the seeds that both finished."""
    effect: float | None
    """Hedges' g_av."""
    equivalence_p: float | None
    """TOST against the margin where one is given, Bonferroni over the family."""
    detectable: float | None
    """The smallest difference that this many seeds find with probability .8."""
    seeds_needed: int | None
    """Seeds that would find the observed difference with probability .8; None of folds: more of them add little."""

    @property
    def excludes_zero(self) -> bool:
        """Whether no interval of the difference contains "no difference"."""
        intervals = [one for one in (self.estimate, self.percent) if one]
        return not any(one.low is not None and one.high is not None and one.low <= 0 <= one.high for one in intervals)


def differences(series: Mapping[str, Array], pairs: Sequence[Pair], question: Question) -> dict[Pair, Difference]:
    """Return the paired difference of every pair (variant, baseline), simultaneous over all of them."""
    if not pairs:
        return {}
    scores = np.stack([_scores(series[one], series[other], question) for one, other in pairs], axis=1)
    ended = np.stack([np.isfinite(series[one]) & np.isfinite(series[other]) for one, other in pairs], axis=1)
    worst = np.stack([signed_ranks(column) if np.isinf(column).any() else column for column in scores.T], axis=1)
    tests = _tests(scores, worst, ended, question)
    return {
        pair: _difference(series[pair[0]], series[pair[1]], worst[:, k], p, question, len(pairs))
        for k, (pair, p) in enumerate(zip(pairs, tests, strict=True))
    }


def _tests(scores: Array, worst: Array, ended: NDArray[np.bool_], question: Question) -> list[tuple]:
    """The p of every pair with lost seeds at the worst rank, and over the seeds that both finished."""
    finished = np.where(ended, scores, np.nan)
    if not question.overlap:
        return list(zip(max_t(worst), max_t(finished), strict=True))
    p = [corrected_p(column, question.overlap, scores.shape[1]) for column in finished.T]
    return [(None if np.isinf(column).any() else one, one) for one, column in zip(p, scores.T, strict=True)]


def _scores(variant: Array, baseline: Array, question: Question) -> Array:
    """Return how much worse the variant is on every seed, on the scale that is tested; inf where it alone collapsed."""
    sign = 1.0 if question.lower_is_better else -1.0
    scaled = [np.where(np.isinf(x), np.inf, sign * (np.log(x) if question.log else x)) for x in (variant, baseline)]
    both_lost = np.isinf(variant) & np.isinf(baseline)
    with np.errstate(invalid="ignore"):
        return np.where(both_lost, 0.0, scaled[0] - scaled[1])


def _difference(
    variant: Array, baseline: Array, scores: Array, p: tuple[float | None, float | None], question: Question, family: int
) -> Difference:
    pairs = np.isfinite(variant) & np.isfinite(baseline)
    x, y, ranks = variant[pairs], baseline[pairs], scores[np.isfinite(scores)]
    overlap = question.overlap
    estimate = mean_interval(x - y, family=family, overlap=overlap)
    mean, sd = estimate.mean or 0.0, estimate.sd or 0.0
    better, worse = int((ranks < 0).sum()), int((ranks > 0).sum())
    equal = equivalence_p(x - y, question.margin, overlap) if question.margin else None
    return Difference(
        estimate=estimate,
        alone=mean_interval(x - y, overlap=overlap),
        percent=in_percent(np.log(x) - np.log(y), family, overlap) if question.log else None,
        better=better,
        ties=len(ranks) - better - worse,
        worse=worse,
        direction=-int(np.sign(ranks.sum())),
        beats=rate_interval(better, len(ranks)),
        p=p[0],
        p_finished=p[1],
        effect=hedges_g_av(x, y),
        equivalence_p=None if equal is None else min(1.0, equal * family),
        detectable=detectable(estimate.n, sd * (1 + estimate.n * overlap) ** 0.5, question.alpha, family),
        seeds_needed=seeds_needed(mean, sd, question.next_alpha, family) if estimate.n > 1 and not overlap else None,
    )


def in_percent(logs: Array, family: int, overlap: float = 0.0) -> Estimate:
    """Return differences of logs (seeds,) as percent, 100 (exp(mean) - 1), with the simultaneous interval."""
    interval = mean_interval(logs, family=family, overlap=overlap)
    mean, low, high = (
        None if value is None else float(100 * np.expm1(value)) for value in (interval.mean, interval.low, interval.high)
    )
    return Estimate(interval.n, mean, None if interval.sd is None else 100 * interval.sd, low, high)
