"""Times that can be compared on a busy machine: candidates take turns, and the minimum and the median are reported."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median, quantiles


@dataclass(frozen=True)
class Timing:
    """Times of one candidate, in milliseconds."""

    least: float
    median: float
    spread: float
    """The distance between the quartiles."""


def interleaved(
    candidates: Mapping[str, Callable[[], object]], repeats: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, Timing]:
    """Time every candidate `repeats` times, one round after the other, after two calls that compile and warm up.

    A candidate returns when its work is done. Other load on the machine affects all of them equally.

    >>> sorted(interleaved({"nothing": lambda: None, "little": lambda: None}, repeats=3))
    ['little', 'nothing']
    """
    for candidate in candidates.values():
        candidate()
        candidate()
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(repeats):
        for name, candidate in candidates.items():
            start = clock()
            candidate()
            times[name].append(1000 * (clock() - start))
    return {name: _summary(values) for name, values in times.items()}


def _summary(values: list[float]) -> Timing:
    first, _, third = quantiles(values, n=4) if len(values) > 1 else (values[0],) * 3
    return Timing(min(values), median(values), third - first)
