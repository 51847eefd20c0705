"""How many seeds an experiment needs to find a difference of a given size, from the spread of the seeds it has."""

from pathlib import Path

from rnnlab.comparison.compare import compare
from rnnlab.errors import UserError
from rnnlab.statistics.alpha_spending import next_alpha
from rnnlab.statistics.power import seeds_needed


def seeds_to_detect(difference: float, folder: str | Path) -> dict[str, int | None]:
    """Return by variant the seeds with which `difference` from the baseline, in the monitored test metric, is found.

    Found means with probability .8 by the paired t test, at the level that the next analysis may spend, shared by all variants.
    The spread is that of the paired differences so far, so a variant with under two pairs, or without any spread, has None.
    Raises UserError where no variant has two pairs.
    """
    comparison = compare(folder)
    spreads = {name: one.against.difference.estimate.sd for name, one in comparison.variants.items() if one.against}
    if not any(spreads.values()):
        raise UserError(
            f"the spread over seeds is not known yet: {folder} has no 2 finished seeds of a variant and the baseline"
        )
    alpha = next_alpha(comparison.analyses, comparison.analysis.question)
    return {name: seeds_needed(difference, sd, alpha, len(spreads)) if sd else None for name, sd in spreads.items()}
