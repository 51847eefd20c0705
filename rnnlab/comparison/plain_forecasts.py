"""The compared metric of forecasts without a model."""

from collections.abc import Collection

from rnnlab.comparison.metric import SPLITS, Metric
from rnnlab.data.forecast import BASELINES
from rnnlab.storage.run_result import RunResult


def plain_forecasts(results: Collection[RunResult], metric: Metric) -> dict[str, float]:
    """Return the metric of every forecast without a model that the runs have; it is the same for all runs on the same data.

    >>> runs = [RunResult(status="done", metrics={"test_loss": 0.1, "test_mase": 0.5, "test_persistence_mase": 1.25})]
    >>> plain_forecasts(runs, Metric("test_mase", "min"))
    {'persistence': 1.25}
    """
    split = next((prefix for prefix in SPLITS if metric.name.startswith(prefix)), "")
    values: dict[str, float] = {}
    for result in results:
        for name in BASELINES:
            value = result.metrics.get(f"{split}{name}_{metric.base}")
            if value is not None:
                values.setdefault(name.replace("_", " "), float(value))
    return values
