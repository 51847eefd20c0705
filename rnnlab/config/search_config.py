"""The search section of a config: which values are tried for each variant, how often, and how the best are found."""

from typing import Annotated, Any

from pydantic import Field, model_validator

from rnnlab.section import Section, conflict


class Range(Section):
    """Numbers from low to high; whole ones where both ends are."""

    low: int | float
    """The least value."""
    high: int | float
    """The greatest value."""
    log: bool = False
    """Try every order of magnitude alike."""

    @model_validator(mode="after")
    def _has_values(self) -> "Range":
        if self.low >= self.high:
            raise conflict(("high",), f"must be above low, {self.low}", self.high)
        if self.log and self.low <= 0:
            raise conflict(("low",), "a logarithmic range begins above 0", self.low)
        return self


Space = dict[str, Range | Annotated[list[Any], Field(min_length=1)]]
"""Ranges, or lists of values, by recurrent-layer field or dotted path."""


class SearchConfig(Section):
    """A search for the best values of every variant, by the monitored metric on validation; test data is never read.

    It comes before the comparison, whose runs take the values that were found, on seeds that the search never used.
    """

    space: Space = Field(default_factory=dict)
    """What is tried for every variant."""
    variants: dict[str, Space] = Field(default_factory=dict)
    """What is tried for a variant beside that; a variant without anything to try is not searched."""
    trials: Annotated[int, Field(ge=1, le=100_000)]
    """How many points are tried for a variant."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Decides which points are tried."""
    train_seed: Annotated[int, Field(ge=1)] = 1_000_001
    """The seed with which every trial is trained; no run of the comparison has it."""
    prune: bool = True
    """Stop a trial early whose metric is worse than the median of the trials before it at the same epoch."""

    def of(self, variant: str) -> Space:
        """Return what is tried for a variant."""
        return {**self.space, **self.variants.get(variant, {})}
