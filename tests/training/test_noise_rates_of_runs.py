"""A run whose rates of noise change: killed and resumed to the same bits, its rates in the log, the metrics and the weights."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from training.killed_runs import Kill, Killed

from rnnlab import register, sealed
from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import Adding, SplitSizes
from rnnlab.layers.noise_rates import is_rate
from rnnlab.models.initial import draw_all, weights_sha256
from rnnlab.models.model_config import InitialConfig, ModelConfig
from rnnlab.models.size import parameters
from rnnlab.training.callbacks import EventLog
from rnnlab.training.checkpoint import Slot
from rnnlab.training.fit import compiled
from rnnlab.training.train import train
from rnnlab.training.training_config import TrainingConfig

NUMBERS = build(Adding(name="adding", length=4, examples=SplitSizes(train=24, validation=8, test=8), batch_size=4))
STEPS = 6
"""Batches in an epoch."""
CHANGING = {
    "dropout": {"scheme": "concrete", "rate": 0.2, "rate_penalty": 0.1},
    "recurrent_dropout": {"scheme": "zoneout", "cell": 0.4, "hidden": 0.2, "schedule": {"name": "curriculum", "gamma": 0.1}},
}


def config(**settings: Any) -> TrainingConfig:
    rest = {"epochs": 3, "optimizer": {"learning_rate": 0.05}, "checkpoint": {"every_minutes": 0.0}}
    return TrainingConfig.model_validate(rest | settings)


def model(**layer: Any) -> ModelConfig:
    return ModelConfig.model_validate({"recurrent": [{"units": 3, **layer}]})


def run(folder: Path, kill_at: int = -1, layer: Any = CHANGING) -> tuple[list[np.ndarray], list[dict[str, Any]], Any]:
    callbacks = [EventLog(folder / "events.jsonl"), Kill(kill_at)]
    trained, outcome = train(model(**layer), NUMBERS, config(), 5, callbacks, Slot(folder / "state", "me"))
    return trained.get_weights(), sealed.read(folder / "events.jsonl"), outcome


def rates(events: list[dict[str, Any]], site: str) -> list[float]:
    return [event[f"noise_rate/recurrent_0/{site}"] for event in events]


@pytest.mark.slow
def test_a_run_of_changing_rates_is_resumed_to_the_bit_and_logs_them(tmp_path: Path) -> None:
    weights, events, outcome = run(tmp_path / "whole")
    for at in (5, 17, 21):
        with pytest.raises(Killed):
            run(tmp_path / "killed", at)
    again, logged, resumed = run(tmp_path / "killed")
    for mine, theirs in zip(again, weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    for site in ("input", "hold_cell", "hold_hidden"):
        assert rates(logged, site) == rates(events, site)
    ends = np.arange(1, 4) * STEPS - 1  # the rate of an epoch's last step
    np.testing.assert_allclose(rates(events, "hold_cell"), 0.4 * (1 - np.exp(-0.1 * ends)), rtol=1e-6)
    learnt = rates(events, "input")
    assert len({0.2, *learnt}) == 4
    best = outcome.best_epoch - 1
    assert outcome.rates == resumed.rates == {name: events[best][name] for name in events[0] if name.startswith("noise_rate/")}


@pytest.mark.slow
def test_a_run_whose_masks_depend_on_epoch_and_inputs_is_resumed_to_the_bit(tmp_path: Path) -> None:
    def kept(inputs, rate, epoch):
        return 1 - rate * (epoch / 2) * keras.ops.exp(-keras.ops.abs(inputs))

    @register.distribution("warming", mean=kept)
    def warming(uniform, inputs, rate, epoch):
        return keras.ops.cast(uniform < kept(inputs, rate, epoch), "float32")

    noise = {"site": "input", "distribution": "warming", "rate": 0.9, "lifetime": "step"}
    weights, events, _ = run(tmp_path / "whole", layer={"dropout": noise})
    for at in (5, 17):
        with pytest.raises(Killed):
            run(tmp_path / "killed", at, {"dropout": noise})
    again, logged, _ = run(tmp_path / "killed", layer={"dropout": noise})
    for mine, theirs in zip(again, weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert [event["validation"] for event in logged] == [event["validation"] for event in events]
    _, others, _ = run(tmp_path / "plain", layer={})
    assert others[0]["validation"] == events[0]["validation"]  # nothing is dropped in the first epoch
    assert others[1]["validation"] != events[1]["validation"]


def test_variants_with_and_without_changing_rates_begin_with_the_same_weights() -> None:
    built = [compiled(model(**layer), NUMBERS, config(), 5) for layer in ({}, CHANGING)]
    assert weights_sha256(built[0]) == weights_sha256(built[1])
    for one in built:
        draw_all(one, InitialConfig(uniform=0.1), 5)
    assert weights_sha256(built[0]) == weights_sha256(built[1])
    assert len(built[1].weights) == len(built[0].weights) + 3
    counted = sum(int(np.prod(weight.shape)) for weight in built[1].trainable_weights)
    assert parameters(model(**CHANGING), NUMBERS.task) == counted


@pytest.mark.parametrize("decay", [{"l2": 0.5}, {"weight_decay": 0.5, "weight_decay_by": "step"}])
def test_no_decay_pulls_at_a_learnt_rate(decay: dict[str, Any]) -> None:
    layer = {"dropout": {"scheme": "concrete", "rate": 0.01, "weight_penalty": 0.0, "rate_penalty": 0.0}}
    one = compiled(model(**layer), NUMBERS, config(optimizer={"name": "sgd", "learning_rate": 1e-2, **decay}), 5)
    logit = next(weight for weight in one.trainable_weights if is_rate(weight))
    before, others = float(logit), [keras.ops.convert_to_numpy(w) for w in one.trainable_weights if not is_rate(w)]
    zeros = [np.zeros(weight.shape, "float32") for weight in one.trainable_weights]
    one.optimizer.apply([keras.ops.convert_to_tensor(zero) for zero in zeros], one.trainable_weights)
    assert float(logit) == before
    pulled = [keras.ops.convert_to_numpy(w) for w in one.trainable_weights if not is_rate(w)]
    assert any((old != new).any() for old, new in zip(others, pulled, strict=True))
