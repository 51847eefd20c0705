"""Forecasts without a model: they have the errors that their closed forms say."""

import numpy as np
import pytest
from trained.seasonal_files import HEIGHT, SEASON, SLOPE, STEPS, seasonal, section, write

from rnnlab.data.build_dataset import build
from rnnlab.data.dataset import Dataset
from rnnlab.data.generators import mackey_glass
from rnnlab.data.generators.generator_config import MackeyGlass, Points
from rnnlab.inspection.forecasts import forecasts, measured
from rnnlab.seeds import derive

pytestmark = pytest.mark.usefixtures("home")


def plain(data: Dataset) -> dict[str, float]:
    """The metrics of the test split, of forecasts without a model and of one that says zero."""
    assert data.forecast is not None
    outputs = data.task.outputs
    return measured(forecasts(lambda x: np.zeros((*x.shape[:2], outputs)), data.test, data.forecast), data.forecast)  # type: ignore[arg-type]


@pytest.mark.parametrize("horizon", [1, 5, 12, 15])
def test_plain_forecasts_of_a_seasonal_series_have_their_closed_forms(horizon: int) -> None:
    write(y=seasonal())
    metrics = plain(build(section(columns="y", horizon=horizon, season=SEASON, window=7, batch_size=5)))
    swing = 2 * HEIGHT**2 * np.sin(np.pi * horizon / SEASON) ** 2
    assert metrics["persistence_root_mean_squared_error_of_y"] == pytest.approx(
        np.sqrt(swing + (SLOPE * horizon) ** 2), rel=1e-4
    )
    seasons = -(-horizon // SEASON)
    assert metrics["seasonal_naive_root_mean_squared_error_of_y"] == pytest.approx(SLOPE * SEASON * seasons, rel=1e-3)
    assert metrics["seasonal_naive_mean_absolute_error_of_y"] == pytest.approx(SLOPE * SEASON * seasons, rel=1e-3)
    assert metrics["seasonal_naive_mase"] == pytest.approx(seasons, rel=1e-3)


def test_plain_forecasts_of_a_path_are_those_of_all_its_steps() -> None:
    write(y=seasonal())
    metrics = plain(build(section(columns="y", horizon=3, path=True, season=SEASON, window=7, batch_size=5)))
    swings = [2 * HEIGHT**2 * np.sin(np.pi * h / SEASON) ** 2 + (SLOPE * h) ** 2 for h in (1, 2, 3)]
    assert metrics["persistence_root_mean_squared_error_of_y"] == pytest.approx(np.sqrt(np.mean(swings)), rel=0.01)


def test_the_mean_of_the_training_split_is_a_forecast_too() -> None:
    y = seasonal(1.0) + 5
    write(y=y)
    metrics = plain(build(section(columns="y", window=7, batch_size=5, standardise=False)))
    assert metrics["mean_root_mean_squared_error"] == pytest.approx(np.sqrt(np.mean((y[540:] - y[:480].mean()) ** 2)), rel=1e-4)


def test_a_plain_forecast_stands_for_every_quantile() -> None:
    write(y=SLOPE * np.arange(STEPS))
    metrics = plain(
        build(section(columns="y", horizon=2, quantiles=[0.1, 0.5, 0.8], window=7, batch_size=5, standardise=False))
    )
    assert metrics["persistence_pinball_loss"] == pytest.approx(np.mean([0.1, 0.5, 0.8]) * 2 * SLOPE, rel=1e-3)


def test_persistence_on_mackey_glass_is_that_of_its_equation() -> None:
    points = Points(train=500, validation=200, test=300)
    data = build(MackeyGlass(name="mackey_glass", points=points))
    raw = mackey_glass.draw(17, 300, derive(0, "mackey_glass", "test"))
    deviation = mackey_glass.draw(17, 500, derive(0, "mackey_glass", "train")).std()
    error = np.sqrt(np.mean((raw[6:] - raw[:-6]) ** 2))
    metrics = plain(data)
    assert metrics["persistence_root_mean_squared_error"] == pytest.approx(error / deviation, rel=1e-4)
    assert metrics["persistence_root_mean_squared_error_of_x"] == pytest.approx(error, rel=1e-4)
