"""Metrics of a user on the test split."""

from collections.abc import Iterable, Sequence

import keras

from rnnlab.data.dataset import Dataset
from rnnlab.inspection.classes import real_positions
from rnnlab.inspection.montecarlo import Samples, usual
from rnnlab.inspection.outputs import link
from rnnlab.training.own_metrics import METRICS


def measured(model: keras.Model, dataset: Dataset, names: Sequence[str]) -> dict[str, float]:
    """Return `test_NAME` of every registered metric; raise ValueError where one is no number.

    Targets and predictions are those of all scored positions of the test split, noise off; classes are predicted by their
    probabilities.
    """
    if not names:
        return {}
    drawn = usual(model, (batch.x for batch in dataset.test.batches(0, 0)), link(dataset.task))
    return of_predictions(dataset, names, drawn)


def of_predictions(dataset: Dataset, names: Sequence[str], drawn: Iterable[Samples]) -> dict[str, float]:
    """Return the same from given predictions for the test split, one for each batch in its order."""
    y, p = real_positions(dataset.test, drawn)
    return {f"test_{name}": _number(name, METRICS[name].compute(y, p)) for name in names}


def _number(name: str, value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ValueError(f"the metric {name} has to return a number, got {value!r}") from None
