"""A run: the same bits again, undisturbed by validation, evaluated exactly at its best epoch."""

from typing import Any

import keras
import numpy as np
import pytest

from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import Adding, PythonReference, SplitSizes
from rnnlab.data.dataset import Dataset
from rnnlab.data.keras_adapter import Feed
from rnnlab.models.model_config import ModelConfig
from rnnlab.training.callbacks import Divergence, Meter
from rnnlab.training.fit import compiled
from rnnlab.training.isolate_evaluation import SeparatePasses
from rnnlab.training.repeatable import repeatable
from rnnlab.training.train import train
from rnnlab.training.training_config import TrainingConfig

WORDS = build(PythonReference(name="python_reference", vocabulary=60, window=8, batch_size=6, limit_tokens=1500))
NUMBERS = build(Adding(name="adding", length=6, examples=SplitSizes(train=50, validation=21, test=23), batch_size=8))
NOISE: list[dict[str, Any]] = [
    {"dropout": 0.3, "recurrent_dropout": 0.3},
    {"dropout": {"scheme": "vertical", "rate": 0.3}, "recurrent_dropout": {"scheme": "zoneout", "cell": 0.4, "hidden": 0.1}},
    {"implementation": "keras", "dropout": 0.3, "recurrent_dropout": 0.3},
]


def model_config(dataset: Dataset, **layer: Any) -> ModelConfig:
    rest = {"embedding": {"width": 6, "dropout": 0.2}} if dataset.task.vocabulary else {}
    return ModelConfig.model_validate({"recurrent": [{"units": 5, **layer}], **rest})


def config(**settings: Any) -> TrainingConfig:
    return TrainingConfig.model_validate(
        {"epochs": 3, "optimizer": {"learning_rate": 0.02, "clip_norm": 1.0}, "monitor": "loss", **settings}
    )


class Curve(keras.callbacks.Callback):
    """Keeps the logs of every epoch, and the weights."""

    def __init__(self) -> None:
        super().__init__()
        self.logs: list[dict[str, float]] = []
        self.weights: list[list[np.ndarray]] = []

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.logs.append({key: value for key, value in (logs or {}).items() if "second" not in key and "throughput" not in key})
        self.weights.append(self.model.get_weights())


@pytest.mark.parametrize(
    ("dataset", "noise"),
    [
        (WORDS, NOISE[0]),
        pytest.param(NUMBERS, NOISE[1], marks=pytest.mark.slow),
        pytest.param(WORDS, NOISE[2], marks=pytest.mark.slow),
    ],
)
def test_the_same_run_twice_gives_the_same_bits(dataset: Dataset, noise: dict[str, Any]) -> None:
    curves = [Curve(), Curve()]
    outcomes = [train(model_config(dataset, **noise), dataset, config(), seed=3, callbacks=[curve])[1] for curve in curves]
    assert curves[0].logs == curves[1].logs
    for mine, theirs in zip(curves[0].weights[-1], curves[1].weights[-1], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    numbers = [
        {key: value for key, value in one.metrics.items() if "second" not in key and "throughput" not in key}
        for one in outcomes
    ]
    assert numbers[0] == numbers[1]
    assert outcomes[0].initial_weights == outcomes[1].initial_weights


@pytest.mark.slow
def test_another_seed_is_another_run() -> None:
    one, two = (train(model_config(NUMBERS), NUMBERS, config(), seed)[1] for seed in (1, 2))
    assert one.initial_weights != two.initial_weights
    assert one.data_order != two.data_order
    assert one.metrics["test_loss"] != two.metrics["test_loss"]


@pytest.mark.slow
@pytest.mark.parametrize("noise", [NOISE[0], NOISE[2]], ids=str)
def test_curves_are_the_same_with_and_without_validation(noise: dict[str, Any]) -> None:
    def curve(validate: bool) -> list[float]:
        repeatable(1)
        model = compiled(model_config(WORDS, **noise), WORDS, config(), seed=1)
        feed = Feed(WORDS.train, seed=1)
        model.fit(
            feed,
            validation_data=Feed(WORDS.validation) if validate else None,
            epochs=3,
            shuffle=False,
            verbose=0,
            callbacks=[feed.follow(), SeparatePasses()],
        )
        return model.history.history["loss"]

    assert curve(validate=True) == curve(validate=False)


def test_evaluation_in_the_middle_of_an_epoch_leaves_the_carried_state() -> None:
    class Look(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
            states = [np.asarray(state) for state in self.model.get_layer("recurrent_0").states]
            assert np.abs(states[0]).sum() > 0
            self.model.evaluate(Feed(WORDS.test), verbose=0, callbacks=[SeparatePasses()])
            for state, kept in zip(self.model.get_layer("recurrent_0").states, states, strict=True):
                np.testing.assert_array_equal(state, kept)
            looked.append(batch)

    looked: list[int] = []
    model = compiled(model_config(WORDS), WORDS, config(), seed=1)
    model.fit(Feed(WORDS.train), epochs=1, steps_per_epoch=2, shuffle=False, verbose=0, callbacks=[Look()])
    assert looked == [0, 1]


def test_metrics_count_every_token_once() -> None:
    model, outcome = train(model_config(WORDS), WORDS, config(), seed=1)
    for split, name in ((WORDS.train, "train"), (WORDS.validation, "val"), (WORDS.test, "test")):
        model.get_layer("recurrent_0").reset_state()
        surprise, total = 0.0, 0
        for batch in split.batches(seed=0, epoch=0):
            logits = np.asarray(model(batch.x), np.float64)
            log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
            real = batch.sample_weight > 0
            surprise -= np.take_along_axis(log_p, batch.y[..., None], axis=-1)[..., 0][real].sum()
            total += real.sum()
        assert total == split.size
        assert outcome.metrics[f"{name}_loss"] == pytest.approx(surprise / total, rel=1e-5)
        assert outcome.metrics[f"{name}_perplexity"] == pytest.approx(np.exp(surprise / total), rel=1e-5)


def test_metrics_count_every_example_once() -> None:
    model, outcome = train(model_config(NUMBERS), NUMBERS, config(), seed=1)
    x, y = NUMBERS.test.arrays()
    error = np.concatenate([np.asarray(model(x[:8])), np.asarray(model(x[8:16])), np.asarray(model(x[-8:]))[1:]]) - y
    assert outcome.metrics["test_loss"] == pytest.approx(np.mean(error**2), rel=1e-5)
    assert outcome.metrics["test_root_mean_squared_error"] == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-5)


def test_the_metrics_are_those_of_the_best_epoch() -> None:
    curve = Curve()
    settings = config(epochs=20, optimizer={"learning_rate": 0.3}, early_stopping={"patience": 3}, monitor="perplexity")
    model, outcome = train(model_config(WORDS), WORDS, settings, seed=1, callbacks=[curve])
    values = [logs["val_perplexity"] for logs in curve.logs]
    best = int(np.argmin(values))
    assert outcome.best_epoch == best + 1 < len(values)
    assert outcome.epochs == len(values) == best + 1 + 3 < 20
    assert outcome.metrics["val_perplexity"] == values[best]
    assert outcome.metrics["last_val_perplexity"] == values[-1]
    for mine, theirs in zip(model.get_weights(), curve.weights[best], strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_run_that_diverges_says_where() -> None:
    settings = config(epochs=5, optimizer={"name": "sgd", "learning_rate": 1e30})
    outcome = train(model_config(NUMBERS), NUMBERS, settings, seed=1)[1]
    assert outcome.status == "diverged"
    assert outcome.error is not None
    assert "epoch 1, step " in outcome.error
    assert 1 < int(outcome.error.rpartition(" ")[2]) <= 7
    assert "test_loss" not in outcome.metrics


def test_no_epochs_at_all_is_a_run_too() -> None:
    outcome = train(model_config(NUMBERS), NUMBERS, config(epochs=0), seed=1)[1]
    assert (outcome.status, outcome.epochs, outcome.best_epoch) == ("done", 0, 0)
    assert outcome.metrics["val_loss"] > 0


def test_callbacks_work_in_anybodys_fit() -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    curve, x = Curve(), np.ones((32, 3), "float32")
    model.fit(x, x[:, :1], batch_size=8, epochs=2, verbose=0, callbacks=[SeparatePasses(), Meter(words=8), Divergence(), curve])
    assert curve.logs[1]["learning_rate"] == pytest.approx(0.01)
    assert model.history.history["throughput"][0] > 0


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd", "rmsprop"])
def test_every_optimizer_learns(name: str) -> None:
    curve = Curve()
    settings = config(optimizer={"name": name, "learning_rate": 0.01, "clip_norm": 1.0, "weight_decay": 1e-4})
    train(model_config(NUMBERS), NUMBERS, settings, seed=1, callbacks=[curve])
    assert curve.logs[-1]["loss"] < curve.logs[0]["loss"]
