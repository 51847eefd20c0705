"""Which metric is compared, which way is better, and on which scale."""

from collections.abc import Collection
from dataclasses import dataclass

from rnnlab.data.task import KINDS
from rnnlab.errors import UserError
from rnnlab.names import nearest
from rnnlab.storage.run_result import RunResult

SPLITS = {"test_": "test ", "val_": "validation ", "train_": "training "}
MONTECARLO = "mc_"
"""The part of a name, after the split, that says that predictions are averages of Monte Carlo samples."""
_MODES = {
    "throughput": "max",
    "average_precision": "max",
    "macro_f1": "max",
    **{name: mode for kind in KINDS.values() for name, mode in kind.metrics.items()},
}


@dataclass(frozen=True)
class Metric:
    """A metric of a run's result, and which values of it are better."""

    name: str
    """The key among a result's metrics, such as test_perplexity."""
    mode: str
    """min or max."""

    @property
    def stem(self) -> str:
        """The name without its split: perplexity."""
        prefix = next((prefix for prefix in SPLITS if self.name.startswith(prefix)), "")
        return self.name.removeprefix(prefix)

    @property
    def label(self) -> str:
        """The name in plain words: test perplexity."""
        split = next((words for prefix, words in SPLITS.items() if self.name.startswith(prefix)), "")
        words = "Monte Carlo " if self.stem.startswith(MONTECARLO) else ""
        return split + words + self.base.replace("_", " ")

    @property
    def base(self) -> str:
        """The stem without the way of predicting: perplexity."""
        return self.stem.removeprefix(MONTECARLO)

    @property
    def lower_is_better(self) -> bool:
        """Whether less is better."""
        return self.mode == "min"

    @property
    def log(self) -> bool:
        """Whether it lives on a log scale: the log of a perplexity is the loss."""
        return self.base == "perplexity"


def choose(asked: str | None, results: Collection[RunResult]) -> Metric:
    """Return the metric that is `asked` for, or what `results` were monitored on; on the test split unless another is named.

    Raises UserError where no result has it, or where the results were monitored on different metrics and none is asked for.
    """
    monitored = {result.monitor.removeprefix("val_"): result.mode for result in results}
    if not monitored:
        raise UserError("no run has ended yet: there is nothing to compare")
    if asked is None and len(monitored) > 1:
        raise UserError(f"the runs monitor {', '.join(sorted(monitored))}: name one with --metric")
    stem = asked or next(iter(monitored))
    known = sorted({name for result in results for name in result.metrics})
    name = next((name for name in (f"test_{stem}", stem) if name in known), f"test_{stem}")
    if asked and known and name not in known:
        raise UserError(f"no run has the metric {stem!r}{nearest(stem, known)}; the runs have {', '.join(known)}")
    base = Metric(name, "min").base
    if base.startswith("coverage_") and base != "coverage_error":
        raise UserError(f"neither more nor less {base} is better, only nearer to its level: compare coverage_error")
    own = {name: mode for result in results for name, mode in (result.modes or {}).items()}
    return Metric(name, monitored.get(base) or own.get(base) or _MODES.get(base, "min"))
