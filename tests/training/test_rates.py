"""Schedules, sampled windows and averaging, as a run has them."""

from typing import Any

import keras
import numpy as np
import pytest

from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import PythonReference
from rnnlab.data.keras_adapter import Feed
from rnnlab.data.splits.windows import WindowSampling, cut, windows
from rnnlab.models.model_config import ModelConfig
from rnnlab.training.isolate_evaluation import SeparatePasses
from rnnlab.training.rates import Averaging
from rnnlab.training.schedules import factor
from rnnlab.training.train import train
from rnnlab.training.training_config import AveragingConfig, TrainingConfig

SAMPLED = {"deviation": 2.0, "least": 2}
SETTINGS = {"name": "python_reference", "vocabulary": 60, "window": 8, "batch_size": 6, "limit_tokens": 1500}
WORDS = build(PythonReference.model_validate(SETTINGS))
VARIED = build(PythonReference.model_validate({**SETTINGS, "window_sampling": SAMPLED}))
MODEL = ModelConfig.model_validate({"embedding": {"width": 4}, "recurrent": [{"units": 4}], "initial": {"uniform": 0.1}})


class Watch(keras.callbacks.Callback):
    """Keeps the weights after every step, and logs and weights as they are at the end of every epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[list[np.ndarray]] = []
        self.weights: list[list[np.ndarray]] = []
        self.logs: list[dict[str, float]] = []

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.steps.append(self.model.get_weights())

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.logs.append(dict(logs or {}))
        self.weights.append(self.model.get_weights())


def config(epochs: int = 5, **settings: Any) -> TrainingConfig:
    return TrainingConfig.model_validate({"epochs": epochs, "optimizer": {"name": "sgd", "learning_rate": 2.0}, **settings})


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        ({"name": "decay", "constant": 2, "divisor": 2.0}, [1, 1, 1 / 2, 1 / 4, 1 / 8]),
        ({"name": "decay", "constant": 0, "divisor": 10.0}, [0.1, 0.01, 1e-3, 1e-4, 1e-5]),
        ({"name": "steps", "after": [1, 3], "factor": 0.5}, [1, 1 / 2, 1 / 2, 1 / 4, 1 / 4]),
        ({"name": "cosine"}, [1, (1 + np.cos(np.pi / 4)) / 2, 1 / 2, (1 - np.cos(np.pi / 4)) / 2, 0]),
        ({"name": "cosine", "final": 0.5, "warmup": 2}, [1 / 3, 2 / 3, 1, 3 / 4, 1 / 2]),
    ],
    ids=str,
)
def test_a_schedule_is_its_closed_form(schedule: dict[str, Any], rates: list[float]) -> None:
    section = config(schedule=schedule).schedule
    np.testing.assert_allclose([factor(section, epoch, 5) for epoch in range(1, 6)], rates, atol=1e-12)


def test_an_epoch_is_trained_with_the_rate_of_its_schedule() -> None:
    curve = Watch()
    schedule = {"name": "decay", "constant": 1, "divisor": 1e9}
    train(MODEL, WORDS, config(3, schedule=schedule), 1, [curve])
    assert [logs["learning_rate"] for logs in curve.logs] == pytest.approx([2.0, 2e-9, 2e-18])
    for mine, theirs in zip(curve.weights[0], curve.weights[2], strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)


def test_a_plateau_waits_for_the_monitored_metric() -> None:
    curve = Watch()
    still = {"name": "sgd", "learning_rate": 1e-30}
    train(MODEL, WORDS, config(4, optimizer=still, schedule={"name": "plateau", "factor": 0.1}), 1, [curve])
    assert [logs["learning_rate"] for logs in curve.logs] == pytest.approx([1e-30, 1e-30, 1e-31, 1e-32], rel=1e-3)


@pytest.mark.parametrize(("window", "columns"), [(70, 46480), (8, 200), (4, 3), (1, 1), (10, 5)])
def test_windows_cover_the_text_and_follow_seed_and_epoch(window: int, columns: int) -> None:
    sampling = WindowSampling()
    cuts = [cut(sampling, window, columns, seed, epoch) for seed, epoch in ((1, 0), (1, 0), (1, 1), (2, 0))]
    for starts, lengths in (one.T for one in cuts):
        assert lengths.min() >= min(5, columns // len(lengths))
        assert starts[0] == 0
        np.testing.assert_array_equal(starts[1:], np.cumsum(lengths)[:-1])
        assert lengths.sum() == columns
        assert len(lengths) == windows(sampling, window, columns)
    np.testing.assert_array_equal(cuts[0], cuts[1])
    if columns > 100:
        assert not np.array_equal(cuts[0], cuts[2])
        assert not np.array_equal(cuts[0], cuts[3])


def test_windows_have_the_lengths_of_awd_lstm() -> None:
    lengths = np.concatenate([cut(WindowSampling(), 70, 46480, seed, 0)[:, 1] for seed in range(20)])
    short = lengths < 52
    assert short.mean() == pytest.approx(0.05, abs=0.01)
    assert lengths[~short].mean() == pytest.approx(70, abs=0.7)  # cut to a whole number, then made to fit the text
    assert lengths[~short].std() == pytest.approx(5, abs=0.3)
    assert lengths[short].mean() == pytest.approx(35, abs=1)


def test_sampled_windows_score_every_word_once_and_tell_their_pace() -> None:
    feed = Feed(VARIED.train, seed=4)
    batches = list(VARIED.train.batches(4, 0))
    assert len({batch.x.shape[1] for batch in batches}) > 3
    words = np.concatenate([batch.y[batch.sample_weight > 0] for batch in batches])
    assert len(words) == VARIED.train.size
    np.testing.assert_array_equal(np.bincount(words), np.bincount(VARIED.train.tokens))
    paces = [feed.pace(place) for place in range(len(feed))]
    assert paces == pytest.approx([batch.x.shape[1] / VARIED.train.density for batch in batches])
    feed.turn_to(0, batch=3)
    assert feed.pace(0) == paces[3]


@pytest.mark.parametrize(
    ("section", "mode", "numbers", "begins"),
    [
        ({"nonmonotone": 2}, "min", [5, 4, 3, 3.5, 3.4, 3.3, 3.2], 6),  # 3.3 > min(5, 4, 3)
        ({"nonmonotone": 2}, "max", [1, 2, 3, 2, 4, 2, 3.9], 6),
        ({"nonmonotone": 5}, "min", [9, 8, 7, 6, 5, 4, 3], None),
        ({"nonmonotone": 1}, "min", [1, 2, 3], 3),
        ({"after": 3}, "min", [9, 8, 7, 6], 3),
    ],
)
def test_the_trigger_is_that_of_nt_asgd(section: dict[str, Any], mode: str, numbers: list[float], begins: int | None) -> None:
    begun: list[bool] = []
    variable = keras.Variable(0.0)
    model: Any = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.optimizer = type("Optimizer", (), {"begun": variable, "averaged": 0, "means": []})
    callback = Averaging(AveragingConfig.model_validate(section), "val_loss", mode)
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, loss in enumerate(numbers):
        callback.on_test_begin()
        callback.on_epoch_end(epoch, {"val_loss": loss})
        begun.append(float(keras.ops.convert_to_numpy(variable)) > 0)
    assert begun == [begins is not None and epoch >= begins for epoch in range(1, len(numbers) + 1)]


@pytest.mark.slow
def test_the_mean_is_evaluated_and_kept_while_training_goes_on_with_the_weights() -> None:
    averaged = {"name": "sgd", "learning_rate": 2.0, "averaging": {"after": 1}}
    watch, plain = Watch(), Watch()
    model, outcome = train(MODEL, WORDS, config(3, optimizer=averaged), 1, [watch])
    train(MODEL, WORDS, config(3), 1, [plain])
    for mine, theirs in zip(watch.steps[-1], plain.steps[-1], strict=True):
        np.testing.assert_array_equal(mine, theirs)  # the mean never enters training
    count = WORDS.train.count
    means = [np.mean(steps, axis=0) for steps in zip(*watch.steps[count:], strict=True)]
    for mine, theirs in zip(watch.weights[-1], means, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)
    evaluated = model.evaluate(Feed(WORDS.validation), verbose=0, return_dict=True, callbacks=[SeparatePasses()])
    assert outcome.best_epoch == 3
    assert evaluated["loss"] == pytest.approx(watch.logs[-1]["val_loss"], rel=1e-6)


def test_windows_that_carry_nothing_begin_with_zeros() -> None:
    fresh = build(PythonReference.model_validate({**SETTINGS, "carry": False}))
    model, _ = train(MODEL, fresh, config(1), 1)
    x = next(iter(fresh.train.batches(1, 0))).x
    np.testing.assert_array_equal(model(x), model(x))
