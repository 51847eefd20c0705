"""The search section of a config: which values are tried for each variant, how many, and how the best are selected."""

from typing import Annotated, Any

from pydantic import Field, model_validator

from rnnlab.section import Section, conflict


class Range(Section):
    """Numbers from low to high; whole numbers if both bounds are."""

    low: int | float
    """The lower bound."""
    high: int | float
    """The upper bound."""
    log: bool = False
    """Draw from a logarithmic scale."""

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

    It precedes the comparison, which uses the best values on seeds that the search never used.
    """

    space: Space = Field(default_factory=dict)
    """The search space of every variant."""
    variants: dict[str, Space] = Field(default_factory=dict)
    """Additions to the search space of a variant; a variant with an empty space is not searched."""
    trials: Annotated[int, Field(ge=1, le=100_000)]
    """The number of trials per variant."""
    seed: Annotated[int, Field(ge=0)] = 0
    """The seed of the sampler."""
    train_seed: Annotated[int, Field(ge=1)] = 1_000_001
    """The seed with which every trial is trained; no run of the comparison uses it."""
    prune: bool = True
    """Stop a trial early if its metric is worse than the median of the trials before it at the same epoch."""

    def of(self, variant: str) -> Space:
        """Return the search space of a variant."""
        return {**self.space, **self.variants.get(variant, {})}
