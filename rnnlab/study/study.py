"""The results of an experiment as tables, comparisons, plots and trained models."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnlab.comparison.load import gather
from rnnlab.config import Experiment, load
from rnnlab.config.paths import flatten
from rnnlab.documents import Record
from rnnlab.errors import UserError
from rnnlab.names import nearest
from rnnlab.storage import store
from rnnlab.study.answer import Answer
from rnnlab.study.drawing import Plot
from rnnlab.study.trained_run import TrainedRun

if TYPE_CHECKING:
    import pandas as pd

    from rnnlab.sweep.sweep import Sweep
    from rnnlab.trained.ensemble import Ensemble


@dataclass(frozen=True)
class Study:
    """The folder of an experiment's results, read again whenever it is asked."""

    folder: Path
    sweep: "Sweep | None" = None
    """The sweep of the call that returned this study; None where the folder was only opened."""

    @property
    def record(self) -> store.ExperimentRecord:
        """The present contents of the folder; raises UserError where it is not the folder of an experiment."""
        return store.read(self.folder)

    @cached_property
    def experiment(self) -> Experiment:
        """The experiment as it was declared, every default written out."""
        return load(self.folder / store.EXPERIMENT, plugins=False)

    def runs(self) -> "pd.DataFrame":
        """Return a row for each run: variant, seed, status, every metric, and the settings that differ between variants."""
        import pandas as pd

        differ = _differing(gather([self.folder]).configs)
        return pd.DataFrame([{**_row(run), **differ.get(run.variant, {})} for run in self.record.runs])

    def epochs(self) -> "pd.DataFrame":
        """Return the curves in long form: variant, seed, epoch, split (train or validation), metric, value."""
        import pandas as pd

        columns = ["variant", "seed", "epoch", "split", "metric", "value"]
        return pd.DataFrame([point for run in self.record.runs for point in _points(run)], columns=columns)

    def compare(self, metric: str | None = None, baseline: str | None = None, **question: Any) -> Answer:
        """Return which variants differ from the baseline, by how much, and how sure that is.

        `metric` and `baseline` are the experiment's own unless named; `group_by`, `margin`, `all_pairs` and `ensembles` are as
        for `rnnlab.comparison.compare.compare`. Nothing is written. Raises UserError for an unknown name.
        """
        from rnnlab.comparison.compare import compare

        return Answer(compare(self.folder, metric=metric, baseline=baseline, **question))

    def report(
        self, path: str | Path | None = None, svg: str | Path | None = None, pdf: str | Path | None = None, examples: int = 0
    ) -> Path:
        """Write the report as one HTML file, to `report.html` in the folder unless `path` is given; return where it is.

        `svg` and `pdf` are folders for its pictures, `examples` how many predictions it shows; see `rnnlab.report.html.write`.
        """
        from rnnlab.report import html

        return html.write(self.folder, to=path, svg=svg, pdf=pdf, examples=examples)

    def ensemble(self, variant: str) -> "Ensemble":
        """Return the finished runs of a variant as one model that predicts the mean of what its seeds predict.

        `study.ensemble("none").evaluated` has `metrics`, `calibration` and `classes` on the test split; `.predictions()` and
        `.predictor.answers` predict. Nothing is written. Raises UserError where there is no such variant, where fewer than
        two of its runs are done, and where these are folds.
        """
        from rnnlab.trained.ensemble import ensemble

        runs = gather([self.folder]).runs
        if variant not in runs:
            raise UserError(f"{self.folder} has no variant {variant!r}{nearest(variant, runs)}; it has {', '.join(runs)}")
        return ensemble(runs[variant].values())

    @property
    def plot(self) -> Plot:
        """Plots on Matplotlib axes: `study.plot.curves()`, `.differences()`, `.seeds()`, `.gap()`."""
        return Plot(self.folder)

    def best(self, variant: str | None = None) -> TrainedRun:
        """Return the run with the best monitored metric on validation data, of one variant or of all.

        Test data take no part in the choice. Raises UserError where no run is done.
        """
        done = [run for run in self if variant in (None, run.variant) and run.status == "done"]
        if not done:
            raise UserError(f"no run of {self.folder} is done{f' of the variant {variant!r}' if variant else ''}")
        return min(done, key=lambda run: run.validation * (1 if run.lower_is_better else -1))

    def __getitem__(self, key: tuple[str, int]) -> TrainedRun:
        """Return the run of a variant and seed; raise UserError where there is none."""
        variant, seed = key
        runs = {(run.variant, run.seed): run for run in self.record.runs}
        if (variant, seed) not in runs:
            names = dict.fromkeys(name for name, _ in runs)
            hint = nearest(variant, names) if variant not in names else f"; its seeds are {_seeds(runs, variant)}"
            raise UserError(f"{self.folder} has no run of variant {variant!r} with seed {seed}{hint}")
        return TrainedRun(runs[variant, seed])

    def __iter__(self) -> Iterator[TrainedRun]:
        return (TrainedRun(run) for run in self.record.runs)

    def __len__(self) -> int:
        return len(self.record.runs)

    def _repr_html_(self) -> str:
        return f"<p>{self.folder}: {len(self)} runs</p>{self.runs().to_html(index=False, max_rows=20)}"


def _seeds(runs: dict[tuple[str, int], store.RunRecord], variant: str) -> str:
    return ", ".join(str(seed) for name, seed in runs if name == variant)


def _row(run: store.RunRecord) -> Record:
    one = TrainedRun(run)
    return {"variant": run.variant, "seed": run.seed, "status": one.status, **one.metrics}


def _points(run: store.RunRecord) -> Iterator[tuple[str, int, int, str, str, float | None]]:
    for record in run.epochs:
        for split, metrics in record.splits.items():
            for metric, value in metrics.items():
                yield run.variant, run.seed, record.epoch, split, metric, value


def _differing(configs: dict[str, Record]) -> dict[str, Record]:
    """The settings, by dotted path, in which variants differ."""
    flat = {name: flatten(config) for name, config in configs.items()}
    paths = dict.fromkeys(path for config in flat.values() for path in config)
    vary = [path for path in paths if len({repr(config.get(path)) for config in flat.values()}) > 1]
    return {name: {path: config.get(path) for path in vary} for name, config in flat.items()}
