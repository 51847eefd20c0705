"""Whether seeds of a variant and of the baseline are pairs: the same initial weights and the same order of data."""

from collections.abc import Mapping

from rnnlab.comparison.outcomes import Outcome

_FAULTS = {"initial_weights": "initial weights differ", "data_order": "data order differs"}


def pairing(variant: Mapping[int, Outcome], baseline: Mapping[int, Outcome]) -> str:
    """Return "paired" where every common seed has the same hashes on both sides, otherwise what differs and where.

    Other cells or units have other weights; the shared order of the data still pairs such runs in part.
    """
    both = {seed: (one, baseline[seed]) for seed, one in sorted(variant.items()) if seed in baseline}
    ended = {seed: pair for seed, pair in both.items() if all(one.status != "missing" for one in pair)}
    known = {seed: pair for seed, pair in ended.items() if all(getattr(one, name) for one in pair for name in _FAULTS)}
    if not known:
        return "no hashes recorded" if ended else "no seed has ended on both sides"
    faults = []
    for name, words in _FAULTS.items():
        seeds = [seed for seed, (one, other) in known.items() if getattr(one, name) != getattr(other, name)]
        faults += [words + _where(seeds, len(known))] * bool(seeds)
    return "; ".join(faults) or "paired"


def _where(seeds: list[int], known: int) -> str:
    return "" if len(seeds) == known else f" on seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"
