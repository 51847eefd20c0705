"""Which runs of an experiment are meant: some variants, one share of many."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby

from rnnlab.config import Experiment, RunConfig, RunSpec
from rnnlab.errors import UserError
from rnnlab.names import nearest


@dataclass(frozen=True)
class Selection:
    """Variants, and a share of their runs; by default all."""

    only: tuple[str, ...] = ()
    """The variants; none means all."""
    share: int = 1
    """Which share of the runs, counted from 1."""
    shares: int = 1
    """Among how many machines or jobs the runs are dealt out."""

    def __post_init__(self) -> None:
        if not 1 <= self.share <= self.shares:
            raise UserError(f"a shard is I/N with I from 1 to N, such as 2/5; got {self.share}/{self.shares}")

    @classmethod
    def of(cls, only: Collection[str] = (), shard: str = "1/1") -> "Selection":
        """Return the selection that the command line asks for; raise UserError where `shard` is not I/N.

        >>> Selection.of(["none"], "2/5")
        Selection(only=('none',), share=2, shares=5)
        """
        share, _, shares = shard.partition("/")
        if not (share.isdecimal() and shares.isdecimal()):
            raise UserError(f"a shard is I/N with I from 1 to N, such as 2/5; got {shard!r}")
        return cls(tuple(only), int(share), int(shares))

    @property
    def whole(self) -> bool:
        """Whether all runs are selected."""
        return not self.only and self.shares == 1

    def runs(self, experiment: Experiment) -> list[RunSpec]:
        """Return the selected runs; raise UserError where there is no such variant.

        Every run belongs to one share. Variants and seeds are mixed in each, so that shares take about as long.
        """
        for name in self.only:
            if name not in experiment.variants:
                known = ", ".join(experiment.variants)
                raise UserError(f"there is no variant {name!r}{nearest(name, experiment.variants)}; the variants are {known}")
        asked = [spec for spec in experiment.runs() if not self.only or spec.variant in self.only]
        mine = set(_dealt(asked)[self.share - 1 :: self.shares])
        return [spec for spec in asked if spec in mine]

    def first_runs(self, experiment: Experiment) -> dict[str, RunConfig]:
        """Return the config of the first run of each selected variant."""
        selected = {spec.variant for spec in self.runs(experiment)}
        return {name: config for name, config in experiment.first_runs.items() if name in selected}


ALL = Selection()
"""Every run."""


def _dealt(runs: Sequence[RunSpec]) -> list[RunSpec]:
    """The runs ordered by seed; the variants rotate by one from seed to seed."""
    rows = [list(row) for _, row in groupby(runs, key=lambda spec: spec.seed)]
    return [spec for turn, row in enumerate(rows) for spec in row[turn % len(row) :] + row[: turn % len(row)]]
