"""The answer in at most four sentences: who leads, whether it is decided, what would decide it, what to do next."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rnnlab.comparison.fold_statement import Folds
from rnnlab.comparison.metric import Metric
from rnnlab.comparison.summary import Against, VariantSummary
from rnnlab.names import quoted
from rnnlab.statistics.paired import Pair
from rnnlab.statistics.permutation import FEWEST_SEEDS
from rnnlab.statistics.rounding import count, fixed, lasting, places, with_interval

_SAID = {"better": "better than", "worse": "worse than", "equivalent": "equivalent to", "undecided": "undecided against"}
_DECIDED = ("better", "worse", "equivalent")
_MANY = 200
"""More seeds than this are not worth the difference that they would show."""
_NAMES = 4
"""The most names in a sentence; the table has them all."""


@dataclass(frozen=True)
class Headline:
    """The facts behind the sentences; `seconds` is the mean time of a run, None where no run has ended."""

    variants: Mapping[str, VariantSummary]
    pairs: Mapping[Pair, Against]
    """Those without the baseline, where they have been compared."""
    baseline: str
    metric: Metric
    seconds: float | None = None
    folds: Folds | None = None

    def sentences(self) -> list[str]:
        """Return the answer; it names a winner only where one has been shown."""
        if not self.verdicts:
            return [f"{quoted(self.baseline)} is the only variant: there is nothing to compare it with."]
        tested = (self.folds.words,) if self.folds else ()
        return [sentence for sentence in (self._leads(), self._decided(), *tested, *self._outlook()) if sentence]

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdict on every variant but the baseline."""
        return {name: one.against.verdict for name, one in self.variants.items() if one.against}

    def _leads(self) -> str:
        """Say who has the best mean, and by how much against the baseline, or where that leads against the next."""
        ranks = self._ranks()
        if not ranks:
            return "No run has finished with a result."
        first, value = ranks[0], self.variants[ranks[0]].value
        digits = places(value.mean, value.sd)
        spread = f" ± {fixed(value.sd, digits)}" if value.sd is not None else ""
        word = "Lowest" if self.metric.lower_is_better else "Highest"
        mean = f"{fixed(value.mean, digits)}{spread}"
        over = count(value.n, self.trial)
        return f"{word} mean {self.metric.label}: {quoted(first)} with {mean} over {over}{self._margin(ranks)}."

    def _margin(self, ranks: Sequence[str]) -> str:
        first, baseline = ranks[0], quoted(self.baseline)
        if first == self.baseline:
            other = next((name for name in ranks[1:] if self._mean_difference(name) is not None), None)
            return f"; next is {quoted(other)}, {self._against(other)}" if other else ""
        return f", {self._against(first)} against the baseline {baseline}" if self._mean_difference(first) is not None else ""

    def _against(self, name: str) -> str:
        against = self.variants[name].against
        return with_interval(against.difference.estimate, plus=True) if against else ""

    def _mean_difference(self, name: str) -> float | None:
        against = self.variants[name].against
        return against.difference.estimate.mean if against else None

    def _ranks(self) -> list[str]:
        sign = 1 if self.metric.lower_is_better else -1
        means = {name: one.value.mean for name, one in self.variants.items() if one.value.mean is not None}
        return sorted(means, key=lambda name: sign * means[name])

    def _decided(self) -> str:
        verdicts = self.verdicts
        groups = {verdict: [name for name, its in verdicts.items() if its == verdict] for verdict in _SAID}
        said = [f"{words} {quoted(self.baseline)}: {_list(groups[key])}" for key, words in _SAID.items() if groups[key]]
        if not said:
            return f"Exploratory: no winner can be named {self._why()}."
        none = [] if groups["better"] else [f"no variant is shown to be better than {quoted(self.baseline)}"]
        text = "; ".join([*none, *said, *_best(groups["better"], self.pairs)])
        return f"{text[0].upper()}{text[1:]}."

    def _why(self) -> str:
        few = f"from {count(self.planned, self.trial)}, {FEWEST_SEEDS} are the fewest that can decide"
        return few if self.planned < FEWEST_SEEDS else "before every planned seed has ended"

    @property
    def trial(self) -> str:
        """The name for a run of a variant."""
        return "fold" if self.folds else "seed"

    @property
    def planned(self) -> int:
        """The seeds that the baseline was to have."""
        return self.variants[self.baseline].counts.planned

    def _outlook(self) -> Iterator[str]:
        """Say what would decide the case that is nearest to the lead, how long that takes, and what to do."""
        failed, missing = (sum(getattr(one.counts, what) for one in self.variants.values()) for what in ("failed", "missing"))
        if failed or missing:
            yield from self._unfinished(failed, missing)
            return
        open_ = [name for name in self._ranks() if self.verdicts.get(name, "equivalent") not in _DECIDED]
        if open_:
            yield from self._more_seeds(open_[0])
        elif winners := [name for name in self._ranks() if self.verdicts.get(name) == "better"]:
            rank = len(winners) > 1 and not self.pairs
            yield "Next: compare the winners with each other by --all-pairs." if rank else f"Next: use {quoted(winners[0])}."
        else:
            yield f"Next: stay with {quoted(self.baseline)}, or try other rates."

    def _unfinished(self, failed: int, missing: int) -> Iterator[str]:
        runs = " and ".join(f"{n} {what}" for n, what in ((failed, "failed"), (missing, "missing")) if n)
        yield f"The {runs} {'run' if failed + missing == 1 else 'runs'} would complete it{self._time(failed + missing)}."
        yield "Next: run the same command again" + (", with --retry-failed." if failed else ".")

    def _more_seeds(self, name: str) -> Iterator[str]:
        if self.folds:
            yield "Next: gather more rows, or set compare.margin to the largest difference that does not matter to you."
            return
        against = self.variants[name].against
        needed = against.difference.seeds_needed if against else None
        pair = f"{quoted(name)} against {quoted(self.baseline)}"
        unknown = against is None or against.difference.estimate.n < 2
        if against and not unknown and against.difference.ties == against.difference.beats.n:
            yield f"{quoted(name)} and {quoted(self.baseline)} agree on every seed, so more seeds would hardly tell them apart."
            yield "Next: take the simpler one, or compare them on harder data."
            return
        if unknown or (needed and needed <= _MANY):
            seeds = max(needed or 0, FEWEST_SEEDS, self.planned + 1)
            runs = (seeds - self.planned) * len(self.variants)
            least = "At least" if unknown else "About"
            yield f"{least} {seeds} seeds would decide {pair}: {runs:,} more runs{self._time(runs)}."
            yield f"Next: run again with compare.seeds={seeds}."
        else:
            many = f"would take about {needed:,} seeds" if needed else "takes more seeds than anyone can run"
            yield f"Deciding {pair} {many}."
            yield "Next: set compare.margin to the largest difference that does not matter to you, or take the simpler one."

    def _time(self, runs: int) -> str:
        return f", {lasting(runs * self.seconds)} one after the other" if self.seconds else ""


def _list(names: Sequence[str]) -> str:
    shown = [quoted(name) for name in names[: _NAMES if len(names) > _NAMES + 1 else None]]
    more = len(names) - len(shown)
    return ("; " if any("," in name for name in names) else ", ").join([*shown, *([f"and {more} more"] if more else [])])


def _best(winners: Sequence[str], pairs: Mapping[Pair, Against]) -> list[str]:
    """Say which of several winners is best, where all pairs were compared."""
    if len(winners) < 2 or not pairs:
        return []
    beats = {
        pair if against.verdict == "better" else pair[::-1]
        for pair, against in pairs.items()
        if against.verdict in ("better", "worse")
    }
    best = [name for name in winners if all((name, rival) in beats for rival in winners if rival != name)]
    return [f"{quoted(best[0])} is the best of them" if best else "none of them is shown to be the best"]
