"""What a ranking says, in words generated from the numbers."""

from itertools import combinations
from typing import TYPE_CHECKING

from rnnlab.names import quoted
from rnnlab.statistics import rank_tests
from rnnlab.statistics.rounding import count, p_value

if TYPE_CHECKING:
    from rnnlab.comparison.ranking import Ranking

ALPHA = 0.05
"""The level of every test of a ranking."""


def sentences(of: "Ranking") -> list[str]:
    """Return what the tests say, and what so few tasks cannot."""
    n, k = len(of.tasks), len(of.ranks)
    f, differ = of.friedman, of.friedman.p <= ALPHA
    test = "all agree on the whole order" if f.f is None else f"F = {f.f:.3g}"
    shown = "the variants differ" if differ else "no difference between the variants is shown"
    best = next(iter(of.ranks))
    base = "" if best == of.baseline else f"; {quoted(of.baseline)} has {of.ranks[of.baseline]:.2f}"
    return [
        f"Friedman's test over {count(n, 'task')} and {count(k, 'variant')}: {test}, {p_value(f.p)}: {shown}.",
        f"Best mean rank: {quoted(best)}, {of.ranks[best]:.2f}{base}.",
        _against_baseline(of) if differ else "So no variant is said to be better or worse than another.",
        _reach(of, n, k),
    ]


def _against_baseline(of: "Ranking") -> str:
    named = {name: p for name, p in of.p.items() if p <= ALPHA}
    if not named:
        return f"No variant is shown to rank better or worse than {quoted(of.baseline)}."
    sides: dict[str, list[str]] = {"better": [], "worse": []}
    for name, p in named.items():
        sides["better" if of.ranks[name] < of.ranks[of.baseline] else "worse"].append(f"{quoted(name)} ({p_value(p)})")
    told = [f"{side}: {', '.join(those)}" for side, those in sides.items() if those]
    return f"Against {quoted(of.baseline)} ranks {'; '.join(told)}."


def _reach(of: "Ranking", tasks: int, variants: int) -> str:
    """State which pairs this number of tasks can distinguish."""
    critical = of.critical_difference
    if critical > variants - 1:
        least = rank_tests.fewest_tasks(variants)
        return (
            f"{count(tasks, 'task').capitalize()} can tell no pair apart: first and last in every task are {variants - 1} ranks"
            f" apart, and it takes {critical:.2f}; {least} tasks are the fewest that can."
        )
    apart = sum(abs(one - other) > critical for one, other in combinations(of.ranks.values(), 2))
    pairs = count(variants * (variants - 1) // 2, "pair")
    return f"Mean ranks differ where they are more than {critical:.2f} apart, which {apart} of {pairs} are."
