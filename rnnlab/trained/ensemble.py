"""The finished runs of a variant as one model: the mean of what its seeds predict."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import keras
import numpy as np

from rnnlab.data.dataset import Dataset, Split
from rnnlab.documents import Record
from rnnlab.errors import UserError
from rnnlab.inspection import classes, measured
from rnnlab.inspection.compiled_call import quiet_call
from rnnlab.inspection.evaluation import Seen, metrics_of, scored
from rnnlab.inspection.forecasts import forecast_metrics
from rnnlab.inspection.montecarlo import Samples, usual
from rnnlab.inspection.outputs import link
from rnnlab.inspection.together import together
from rnnlab.models.build_model import build
from rnnlab.storage.store import RunRecord
from rnnlab.trained import forecasting
from rnnlab.trained.answers import Prediction
from rnnlab.trained.inputs import of_split
from rnnlab.trained.loading import EndedRun, data_of, ended, put_weights
from rnnlab.trained.predictor import Predictor, predictor
from rnnlab.trained.stream_predictions import rows_of


@dataclass(frozen=True)
class Evaluated:
    """The test split as an ensemble predicts it."""

    metrics: dict[str, float]
    """`test_...`, by the names that runs have."""
    calibration: Record
    """The reliability diagram, or the coverage of intervals, in plain values."""
    classes: Record | None
    """The metrics of each class, where there are classes."""


@dataclass(frozen=True)
class Averaged(Predictor):
    """The seeds of a variant that read texts or numbers and predict their mean; the deviation is the one between seeds."""

    members: tuple[Predictor, ...] = ()

    @property
    def noisy(self) -> bool:
        """True: seeds differ."""
        return True

    def passes(self, samples: int) -> int:
        """Return how many seeds the mean is over."""
        return len(self.members)

    def batched(self, samples: int, seed: int) -> Callable[[Iterable[np.ndarray]], Iterator[Samples]]:
        """Return what predicts for inputs in order, the noise of every member off."""
        return partial(together, [member.batched(0, seed) for member in self.members])


class Ensemble:
    """Finished runs that differ in their seeds alone; nothing is written."""

    def __init__(self, runs: Sequence[EndedRun]):
        self.runs = runs

    @property
    def seeds(self) -> list[int]:
        """The seeds of its members."""
        return [run.record.seed for run in self.runs]

    @cached_property
    def dataset(self) -> Dataset:
        """The data that its members were trained on."""
        return data_of(self.runs[0])

    @cached_property
    def _models(self) -> list[keras.Model]:
        models = []
        for run in self.runs:
            model = build(run.config.model, self.dataset.task, run.record.seed)
            put_weights(model, run)
            models.append(model)
        return models

    def of_split(self, split: Split) -> Iterator[Samples]:
        """Yield what is predicted for each batch of a split, noise off, states carried as evaluation carries them."""
        members = [partial(usual, model, link=link(self.dataset.task)) for model in self._models]
        return together(members, (batch.x for batch in split.batches(0, 0)))

    @cached_property
    def evaluated(self) -> Evaluated:
        """Metrics and calibration on the test split.

        The loss is that of the mean prediction alone, without penalties on weights and activations.
        """
        config, dataset = self.runs[0].config, self.dataset
        own_metrics, diagram = metrics_of(dataset, config.evaluation, self._see)
        if (loss := self._loss(own_metrics)) is not None:
            own_metrics["loss"] = loss * (dataset.train.density if config.training.loss == "sum" else 1.0)
        own_metrics.pop("predictive_deviation", None)
        metrics = {f"test_{name}": value for name, value in own_metrics.items()}
        told, of_classes = classes.of_predictions(dataset, self.of_split(dataset.test))
        own = config.evaluation.metrics
        metrics |= told | (measured.of_predictions(dataset, own, self.of_split(dataset.test)) if own else {})
        return Evaluated(metrics | self._forecast(), diagram, of_classes)

    def _see(self, split: Split) -> Seen:
        return scored(self.dataset.task, split, self.of_split(split))

    def _loss(self, metrics: dict[str, float]) -> float | None:
        """The loss of the task, out of what is measured anyway; None where a user's task has no inverse to outputs."""
        if self.dataset.task.kind.own:
            return metrics.get("loss")
        if "brier_score" in metrics:
            return metrics["negative_log_likelihood"]
        return metrics["pinball_loss"] if self.dataset.task.quantiles else metrics["root_mean_squared_error"] ** 2

    def _forecast(self) -> dict[str, float]:
        if self.dataset.forecast is None:
            return {}
        predict, calls = link(self.dataset.task).predict, [quiet_call(model) for model in self._models]
        metrics, _ = forecast_metrics(lambda x: np.mean([predict(call(x)) for call in calls], axis=0), self.dataset)
        return {name: value for name, value in metrics.items() if name.startswith("test_")}

    @cached_property
    def predictor(self) -> Averaged:
        """The predictor for texts, sequences or series; it needs no data."""
        members = tuple(predictor(run.record.folder) for run in self.runs)
        first, noise = members[0], np.mean([member.noise for member in members], axis=0)
        return Averaged(first.run, first.model, first.task, first.codec, noise, members)

    def predictions(self, split: str = "test") -> Iterator[Prediction]:
        """Yield what is predicted for a split of the data, with the truth, as `rnnlab predict --split` does for one run."""
        if self.predictor.forecasts:
            return forecasting.of_split(self.predictor, split, 0, 0)
        if self.predictor.reads_on:
            return rows_of(self.dataset, split, self.of_split(getattr(self.dataset, split)))
        return self.predictor.answers(of_split(self.predictor, split), top=2**31 - 1)


def ensemble(records: Iterable[RunRecord | None]) -> Ensemble:
    """Return the ensemble of those runs that are done.

    Raises UserError where fewer than two are, and where they are not of the same data, as folds are not.
    """
    runs = [ended(run.folder) for run in records if run and run.result and run.result.status == "done"]
    if len(runs) < 2:
        which = f"only {runs[0].record.folder} is done" if runs else "none is done"
        raise UserError(f"an ensemble needs at least two finished runs with different seeds: {which}")
    if other := next((run for run in runs if run.result.data != runs[0].result.data), None):
        raise UserError(
            f"{other.record.folder} was trained on other data than {runs[0].record.folder}, such as another fold: "
            "an ensemble is tested on rows that none of its members has learnt from"
        )
    return Ensemble(runs)
