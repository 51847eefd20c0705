"""The answer to the whole question: which variants beat the baseline, as far as that can be said."""

from collections.abc import Mapping, Sequence

from rnnlab.comparison.metric import Metric
from rnnlab.comparison.summary import Against, Variant
from rnnlab.statistics.paired import Pair
from rnnlab.statistics.permutation import FEWEST_SEEDS
from rnnlab.statistics.rounding import count, decimals, fixed

_SAID = {"better": "Better than", "worse": "Worse than", "equivalent": "Equivalent to", "undecided": "Undecided against"}
_NAMED = ("better", "worse")


def headline(variants: Mapping[str, Variant], pairs: Mapping[Pair, Against], baseline: str, metric: Metric) -> str:
    """Return the sentences that sum up the verdicts; they name a winner only where one has been shown.

    `pairs` are those without the baseline, where they have been compared.
    """
    verdicts = {name: one.against.verdict for name, one in variants.items() if one.against}
    if not verdicts:
        return f"{baseline} is the only variant: there is nothing to compare it with."
    groups = {verdict: [name for name, its in verdicts.items() if its == verdict] for verdict in _SAID}
    said = [f"{words} {baseline}: {_list(groups[verdict])}." for verdict, words in _SAID.items() if groups[verdict]]
    if not said:
        return f"Exploratory: no winner can be named {_why(variants[baseline])}. {_leader(variants, baseline, metric)}"
    none = [] if groups["better"] else [f"No variant is shown to be better than {baseline}."]
    return " ".join([*none, *said, *_best(groups["better"], pairs)])


def _list(names: Sequence[str]) -> str:
    return ("; " if any("," in name for name in names) else ", ").join(names)


def _best(winners: Sequence[str], pairs: Mapping[Pair, Against]) -> list[str]:
    """Say which of several winners is best, or why that is not said."""
    if len(winners) < 2:
        return []
    if not pairs:
        return ["Which of them is best takes a comparison of all pairs."]
    beats = {
        pair if against.verdict == "better" else pair[::-1] for pair, against in pairs.items() if against.verdict in _NAMED
    }
    best = [name for name in winners if all((name, rival) in beats for rival in winners if rival != name)]
    return [f"{best[0]} is the best of them." if best else "None of them is shown to be the best."]


def _why(baseline: Variant) -> str:
    planned = baseline.counts.planned
    few = f"from {count(planned, 'seed')}, {FEWEST_SEEDS} are the fewest that can decide"
    return few if planned < FEWEST_SEEDS else "before every planned seed has ended"


def _leader(variants: Mapping[str, Variant], baseline: str, metric: Metric) -> str:
    """Say who has the best mean so far, without calling it better."""
    means = {name: one.value.mean for name, one in variants.items() if one.value.mean is not None}
    if not means:
        return "No run has finished with a figure."
    first = (min if metric.lower_is_better else max)(means, key=lambda name: means[name])
    places = decimals(variants[first].value.sd)
    against = f"; {baseline} has {fixed(means[baseline], places)}" if first != baseline and baseline in means else ""
    word = "Lowest" if metric.lower_is_better else "Highest"
    return f"{word} mean {metric.label} so far: {first} with {fixed(means[first], places)}{against}."
