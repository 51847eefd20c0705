"""Forecasts of trained models: independent of the batch, beyond the end of files, with what they promise."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result
from trained.seasonal_files import SEASON, SLOPE, STEPS, seasonal, section, write

from rnnlab.cli import main
from rnnlab.config import load
from rnnlab.data.build_dataset import build
from rnnlab.data.dataset import Dataset
from rnnlab.data.generators.generator_config import MackeyGlass, Points
from rnnlab.inspection.compiled_call import quiet_call
from rnnlab.inspection.forecasts import forecast_metrics
from rnnlab.models.model_config import ModelConfig
from rnnlab.trained.loading import ended
from rnnlab.training.fit import compiled, evaluate
from rnnlab.training.train import train
from rnnlab.training.training_config import TrainingConfig

pytestmark = pytest.mark.usefixtures("home")
MODEL = ModelConfig.model_validate({"recurrent": [{"units": 12}]})


def test_no_error_depends_on_the_batch_size() -> None:
    write(y=seasonal(1.0)[:144], x=np.arange(144) % 7)
    losses = []
    for batch_size in (1, 4, 32):
        data = build(section(columns=["y", "x"], target="y", horizon=3, window=10, batch_size=batch_size))
        model = compiled(MODEL, data, TrainingConfig(epochs=1), seed=1)
        own = evaluate(model, data)
        metrics, _ = forecast_metrics(quiet_call(model), data)
        losses.append([own[name] for name in ("val_loss", "test_loss", "test_mean_absolute_error")])
        assert metrics["test_root_mean_squared_error_of_y"] == pytest.approx(
            own["test_root_mean_squared_error"] * data.codec.targets.deviation[0], rel=1e-5
        )
    np.testing.assert_allclose(losses[1:], [losses[0]] * 2, rtol=1e-5)
    assert data.test.size == 14, "every row of the split is forecast, from rows before the split too"


def trained(data: Dataset, epochs: int = 40, rate: float = 0.02) -> dict[str, float]:
    config = TrainingConfig.model_validate({"epochs": epochs, "optimizer": {"name": "adam", "learning_rate": rate}})
    model, outcome = train(MODEL, data, config, seed=1)
    return {**outcome.metrics, **forecast_metrics(quiet_call(model), data)[0]}


def mackey() -> Dataset:
    return build(MackeyGlass(name="mackey_glass", points=Points(train=1500, validation=300, test=300), window=25))


def noisy_season() -> Dataset:
    write(y=seasonal(1.0) - SLOPE * np.arange(STEPS))
    return build(section(columns="y", season=SEASON, window=24, batch_size=2))


@pytest.mark.slow
@pytest.mark.parametrize("data", [mackey, noisy_season])
def test_a_model_beats_every_plain_forecast(data: Callable[[], Dataset]) -> None:
    metrics = trained(data())
    rivals = [
        value for name, value in metrics.items() if name.startswith("test_") and name.endswith("e_root_mean_squared_error")
    ]
    assert len(rivals) >= 1
    assert metrics["test_root_mean_squared_error"] < 0.9 * min(rivals)
    assert metrics["test_mase"] < 0.9 * metrics["test_persistence_mase"]


@pytest.mark.slow
def test_intervals_of_quantiles_hold_what_they_promise_on_gaussian_noise() -> None:
    write(y=np.random.default_rng(1).normal(20, 4, 4000))
    metrics = trained(build(section(columns="y", quantiles=[0.1, 0.5, 0.9], window=20, batch_size=16, test=0.3)), epochs=8)
    assert metrics["test_coverage_80"] == pytest.approx(0.8, abs=0.05)
    densities = (0.1754983, 0.3989423, 0.1754983)  # of a standard normal at its quantiles: their expected pinball losses
    assert metrics["test_pinball_loss"] == pytest.approx(np.mean(densities), rel=0.1)


def run(name: str, data: dict[str, Any], **variant: Any) -> Path:
    document = {
        "name": name,
        "data": {"name": "series", "train": "a.csv", "window": 8, "batch_size": 4, **data},
        "model": {"recurrent": [{"units": 4}]},
        "training": {"epochs": 1},
        "compare": {"variants": {"none": variant}, "seeds": 1},
    }
    Path(f"{name}.yaml").write_text(yaml.safe_dump(document))
    done = call("run", f"{name}.yaml")
    assert "persistence" in done.stdout
    assert "persistence" in call("compare", f"runs/{name}").stdout
    assert "persistence" in Path(f"runs/{name}/report.html").read_text()
    assert 'id="forecast"' in Path(f"runs/{name}/report.html").read_text()
    load(f"{name}.yaml")
    return Path(f"runs/{name}/none/seed-1")


def call(*arguments: object, status: int = 0) -> Result:
    done = CliRunner().invoke(main, [*map(str, arguments)])
    assert done.exit_code == status, done.output
    return done


HOURS = [f"2024-01-{1 + i // 24:02d} {i % 24:02d}:00" for i in range(120)]


def test_a_run_forecasts_beyond_the_end_of_a_file_with_dates_and_units() -> None:
    write(date=HOURS, y=(np.arange(120) * 7) % 24 + 1000, x=np.arange(120) % 5)
    made = run("hours", {"columns": ["y", "x"], "target": "y", "horizon": 3, "time": "date", "season": 24}, dropout=0.3)
    rows = json.loads(call("predict", made, "--file", "a.csv", "--json").stdout)
    assert [row["time"] for row in rows] == ["2024-01-06 00:00", "2024-01-06 01:00", "2024-01-06 02:00"]
    assert all(900 < row["low"] < row["value"] < row["high"] < 1100 for row in rows)
    assert all(row["deviation"] > 0 for row in rows)
    text = call("predict", made, "--file", "a.csv").stdout
    assert text.startswith("2024-01-06 00:00  y  10")
    # a shorter file, whose end the longer one goes on from, forecasts what the split of the run does
    call("predict", made, "--split", "test", "--samples", 0, "--output", "test.csv")
    own = {row["time"]: row for row in csv.DictReader(Path("test.csv").read_text().splitlines())}
    assert len(own) == 12
    lines = Path("a.csv").read_text().splitlines(keepends=True)
    Path("b.csv").write_text("".join(lines[: 1 + 110]))
    (last, *_), *_ = [json.loads(call("predict", made, "--file", "b.csv", "--samples", 0, "--json").stdout)[-1:]]
    assert last["time"] == "2024-01-05 16:00"
    truth = {HOURS[i]: (i * 7) % 24 + 1000 for i in range(120)}
    assert all(float(row["truth"]) == pytest.approx(truth[f"{time}"], abs=1e-2) for time, row in own.items() if ":" in time)
    assert float(own[last["time"]]["value"]) == pytest.approx(last["value"], abs=2.0), "after another context"
    metrics = ended(made).result.metrics
    error = [float(row["value"]) - float(row["truth"]) for row in own.values()]
    assert np.sqrt(np.mean(np.square(error))) == pytest.approx(metrics["test_root_mean_squared_error_of_y"], rel=1e-4)


@pytest.mark.slow
def test_many_series_what_is_known_ahead_and_quantiles_go_through_every_verb() -> None:
    days = [f"2024-{1 + i // 28:02d}-{1 + i % 28:02d}" for i in range(60)]
    random = np.random.default_rng(0)
    table = [(shop, day) for shop, end in (("A", 60), ("B", 45)) for day in days[:end]]
    write(
        shop=[shop for shop, _ in table],
        day=[day for _, day in table],
        sold=random.normal(10, 2, 105).round(2),
        open=random.choice(["yes", "no"], 105),
        sky=random.choice(["wet", "dry", "fog"], 105),
    )
    made = run(
        "shops",
        {
            **{"columns": ["sold", "sky"], "target": "sold", "known": "open", "calendar": ["weekday"], "id": "shop"},
            **{"time": "day", "horizon": 2, "path": True, "quantiles": [0.1, 0.5, 0.9], "validation": 0.2},
        },
    )
    told = call("predict", made, "--text", "a text", status=2).stderr
    assert "forecasts a series and reads no text" in told
    told = call("predict", made, "--file", "a.csv", status=2).stderr
    assert "open should be known 2 steps ahead: the file needs 2 more rows" in told
    more = [f"{shop},{day},,yes,\n" for shop, ends in (("A", 60), ("B", 45)) for day in ("2024-03-05", "2024-03-06")]
    Path("new.csv").write_text(Path("a.csv").read_text() + "".join(more))
    call("predict", made, "--file", "new.csv", "--output", "forecast.parquet")
    from pyarrow import parquet

    rows = parquet.read_table("forecast.parquet").to_pylist()
    assert [(row["id"], row["ahead"]) for row in rows] == [("A", 1), ("A", 2), ("B", 1), ("B", 2)]
    assert all(row["low"] == row["q0.1"] and row["value"] == row["q0.5"] for row in rows)
    assert all(row["q0.1"] <= row["q0.5"] <= row["q0.9"] for row in rows), "quantiles do not cross"
    call("predict", made, "--split", "test", "--output", "test.jsonl")
    assert {json.loads(line)["id"] for line in Path("test.jsonl").read_text().splitlines()} == {"A", "B"}


def test_a_split_that_fills_no_batch_is_told_by_plan_and_describe() -> None:
    write(y=np.arange(144.0))
    Path("a.yaml").write_text(
        "name: a\ndata: {name: series, train: a.csv, columns: y}\nmodel: {recurrent: [{units: 2}]}\ntraining: {epochs: 1}\n"
        "compare: {variants: {none: {}}, seeds: 1}\n"
    )
    for verb in (["data", "describe", "a.yaml"], ["plan", "a.yaml"]):
        told = call(*verb).stderr
        assert "fewer than the 32 rows of a batch; batch_size: 4 or window: 3 fits" in told
