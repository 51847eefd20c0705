"""Verdicts in words, generated from the numbers."""

from collections.abc import Callable
from dataclasses import replace

from rnnlab.comparison.verdict import Case, Counts
from rnnlab.names import quoted
from rnnlab.statistics.intervals import Estimate
from rnnlab.statistics.permutation import FEWEST_SEEDS
from rnnlab.statistics.rounding import count, decimals, fixed, p_value, with_interval


def sentence(verdict: str, case: Case) -> str:
    """Return `verdict` on `case` as a sentence with its evidence."""
    return _SENTENCES[verdict](replace(case, variant=quoted(case.variant), baseline=quoted(case.baseline)))


def _named(case: Case) -> str:
    difference = case.difference
    word, wins = ("better", difference.better) if difference.direction > 0 else ("worse", difference.worse)
    evidence = f"on {wins} of {count(difference.beats.n, case.question.trial)}, {_p(case)}"
    if not case.lost:
        return f"{case.variant} is {word} than {case.baseline} by {_size(case)}, {evidence}."
    return (
        f"{case.variant} is {word} than {case.baseline} {evidence}; {_losses(case)}; where both finished they {_differ(case)}."
    )


def _equivalent(case: Case) -> str:
    return f"{_pair(case)} are equivalent within ±{case.question.margin:g} {case.metric}: they {_differ(case)}."


def _undecided(case: Case) -> str:
    difference, n = case.difference, case.difference.beats.n
    if difference.ties == n:
        return f"Undecided: {_pair(case)} agree on every one of {count(n, case.question.trial)}."
    test = f"; {_p(case)}, where this analysis may spend {case.question.alpha:.2g}" if difference.p is not None else ""
    losses = f"; {_losses(case)}" if case.lost else ""
    return f"Undecided: {_pair(case)} {_differ(case)}, {_wins(case)}{test}{losses}{_outlook(case)}."


def _exploratory(case: Case) -> str:
    difference = case.difference
    losses = f"; {_losses(case)}" if case.lost else ""
    needed = f"; about {difference.seeds_needed} seeds would be needed" if difference.seeds_needed else ""
    return f"Exploratory: {_reason(case)}; they {_differ(case)}{_wins(case, ', ')}{losses}{needed}."


_SENTENCES: dict[str, Callable[[Case], str]] = {
    "better": _named,
    "worse": _named,
    "equivalent": _equivalent,
    "undecided": _undecided,
    "exploratory": _exploratory,
}


def _reason(case: Case) -> str:
    """Say why nothing can be claimed."""
    few = min(case.variant_counts.planned, case.baseline_counts.planned)
    if few < FEWEST_SEEDS:
        return f"{count(few, case.question.trial)} can't decide between {_pair(case)}"
    sides = ((case.baseline, case.baseline_counts), (case.variant, case.variant_counts))
    unfinished = [_progress(name, counts) for name, counts in sides if counts.ended < counts.planned]
    return f"{' and '.join(unfinished)}, so {_pair(case)} are not compared yet"


def _progress(name: str, counts: Counts) -> str:
    failed = f" and failed {counts.failed}" if counts.failed else ""
    return f"{name} has ended {counts.ended} of {count(counts.planned, 'planned run')}{failed}"


def _outlook(case: Case) -> str:
    """Say which difference these seeds can detect, and how many seeds would detect the observed one."""
    difference = case.difference
    if difference.detectable is None:
        return ""
    shown = fixed(difference.detectable, decimals(difference.detectable))
    text = f". {count(difference.estimate.n, case.question.trial).capitalize()} find a difference of {shown} four times in five"
    return text + (f"; one as seen needs about {difference.seeds_needed}" if difference.seeds_needed else "")


def _pair(case: Case) -> str:
    return f"{case.variant} and {case.baseline}"


def _p(case: Case) -> str:
    p = p_value(case.difference.p) if case.difference.p is not None else "no p"
    return p + (f" over {count(case.family, 'comparison')}" if case.family > 1 else "")


def _wins(case: Case, before: str = "") -> str:
    difference, n = case.difference, case.difference.beats.n
    if not n:
        return ""
    ties = f" with {count(difference.ties, 'tie')}" if difference.ties else ""
    return f"{before}{case.variant} ahead on {difference.better} of {count(n, case.question.trial)}{ties}"


def _losses(case: Case) -> str:
    variant, baseline = (f"{counts.lost} of {counts.planned}" for counts in (case.variant_counts, case.baseline_counts))
    return f"diverged or collapsed: {case.variant} {variant}, {case.baseline} {baseline}"


def _differ(case: Case) -> str:
    """Say the difference with its sign, variant minus baseline."""
    estimate, percent = case.difference.estimate, case.difference.percent
    if estimate.mean is None:
        return "share no seed that both finished"
    also = f" ({fixed(percent.mean, 1, plus=True)} %)" if percent else ""
    return f"differ by {with_interval(estimate, plus=True)} {case.metric}{also}"


def _size(case: Case) -> str:
    """Say how large the difference is, without its sign."""
    percent = case.difference.percent
    also = f" ({with_interval(_unsigned(percent))} %)" if percent else ""
    return f"{with_interval(_unsigned(case.difference.estimate))} {case.metric}{also}"


def _unsigned(estimate: Estimate) -> Estimate:
    """Return a difference that excludes zero without its sign."""
    near, far = sorted((abs(estimate.low or 0.0), abs(estimate.high or 0.0)))
    return replace(estimate, mean=abs(estimate.mean or 0.0), low=near, high=far)
