"""Where the variants are a grid: what each factor does over all values of the others, and what two do beyond their sum."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from rnnlab.comparison.outcomes import Outcomes, series
from rnnlab.statistics.intervals import Array, Estimate, corrected_p, mean_interval
from rnnlab.statistics.paired import Question, in_percent
from rnnlab.statistics.permutation import max_t

Levels = Mapping[str, Mapping[str, str]]
"""The value of every factor, by variant and factor."""


@dataclass(frozen=True)
class Effect:
    """A main effect or an interaction of two factors, seed by seed, simultaneous over all effects of the grid."""

    name: str
    """"units=128 instead of 96", or "units=128 with cell=gru" for what the two do beyond their sum."""
    estimate: Estimate
    percent: Estimate | None
    """From logs, only on the log scale."""
    p: float | None


def effects(outcomes: Outcomes, levels: Levels, question: Question) -> list[Effect]:
    """Return the effects of a full crossing of two or more factors, against the first value of each; else nothing.

    An effect is a contrast of the variants' values on one seed: for a main effect the mean over the variants that have the
    value minus the mean over those that have the first one; for an interaction the difference of two such differences.
    """
    values = _values(levels)
    if len(values) < 2 or not _crossed(levels, values):
        return []
    contrasts = {**_mains(levels, values), **_interactions(levels, values)}
    seeds = sorted({seed for of in outcomes.values() for seed in of})
    scores = np.stack([series(outcomes[name], seeds) for name in levels], axis=1)
    scores = np.where(np.isinf(scores), np.nan, scores)
    plain = {name: _apply(weights, scores) for name, weights in contrasts.items()}
    tested = {name: _apply(weights, np.log(scores)) for name, weights in contrasts.items()} if question.log else plain
    overlap, count = question.overlap, len(contrasts)
    p = [corrected_p(of, overlap, count) for of in tested.values()] if overlap else max_t(np.stack([*tested.values()], axis=1))
    return [
        Effect(
            name,
            mean_interval(plain[name], family=count, overlap=overlap),
            in_percent(tested[name], count, overlap) if question.log else None,
            its,
        )
        for name, its in zip(contrasts, p, strict=True)
    ]


def _values(levels: Levels) -> dict[str, list[str]]:
    """Return the values of every factor that has several, in order of appearance."""
    factors = dict.fromkeys(factor for of in levels.values() for factor in of)
    by_factor = {factor: list(dict.fromkeys(of[factor] for of in levels.values())) for factor in factors}
    return {factor: values for factor, values in by_factor.items() if len(values) > 1}


def _crossed(levels: Levels, values: Mapping[str, Sequence[str]]) -> bool:
    points = [tuple(of[factor] for factor in values) for of in levels.values()]
    return sorted(points) == sorted(product(*values.values()))


def _mains(levels: Levels, values: Mapping[str, Sequence[str]]) -> dict[str, Array]:
    return {
        f"{factor}={value} instead of {first}": _mean(levels, {factor: value}) - _mean(levels, {factor: first})
        for factor, (first, *others) in values.items()
        for value in others
    }


def _interactions(levels: Levels, values: Mapping[str, Sequence[str]]) -> dict[str, Array]:
    return {
        f"{one}={a} with {other}={b}": _mean(levels, {one: a, other: b})
        - _mean(levels, {one: a, other: values[other][0]})
        - _mean(levels, {one: values[one][0], other: b})
        + _mean(levels, {one: values[one][0], other: values[other][0]})
        for one, other in combinations(values, 2)
        for a, b in product(values[one][1:], values[other][1:])
    }


def _mean(levels: Levels, wanted: Mapping[str, str]) -> Array:
    """Return the weights of the mean over the variants that have the wanted values."""
    chosen = np.array([all(of[factor] == value for factor, value in wanted.items()) for of in levels.values()], np.float64)
    return chosen / chosen.sum()


def _apply(weights: Array, scores: Array) -> Array:
    """Return the contrast on every seed (seeds,); NaN where one of its variants has no value."""
    used = weights != 0
    return scores[:, used] @ weights[used]
