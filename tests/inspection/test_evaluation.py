"""The test split evaluated by samples, against a loop that keeps every sample of every position, for every kind of task."""

from typing import Any

import numpy as np
import pytest
from thinning import kept

from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import PythonReference
from rnnlab.data.dataset import Dataset
from rnnlab.data.splits.fixed_length import Examples
from rnnlab.data.splits.variable_length import Ragged
from rnnlab.data.task import Task
from rnnlab.inspection import montecarlo
from rnnlab.inspection.evaluation import evaluate_twice, seen
from rnnlab.models.model_config import ModelConfig
from rnnlab.seeds import derive
from rnnlab.training.evaluation_config import EvaluationConfig, MonteCarlo
from rnnlab.training.fit import compiled, evaluate
from rnnlab.training.training_config import TrainingConfig

RANDOM = np.random.default_rng(0)
SAMPLES = 3
CONFIG = EvaluationConfig.model_validate({"montecarlo": {"samples": SAMPLES, "seed": 5}, "bins": 7})
NOISE: dict[str, Any] = {"dropout": 0.4, "recurrent_dropout": [{"scheme": "zoneout", "hidden": 0.3}, 0.4]}


def ragged(per_step: bool) -> Ragged:
    lengths = np.array([1, 5, 3, 4, 2, 5, 1])
    total = int(lengths.sum()) if per_step else len(lengths)
    targets = RANDOM.integers(0, 3, total).astype("int32")
    words = RANDOM.integers(1, 9, lengths.sum()).astype("int32")
    return Ragged(words, np.concatenate([[0], lengths.cumsum()]), targets, rows=3, per_step=per_step, buckets=2)


def examples(outputs: int, labels: bool) -> Examples:
    x = RANDOM.normal(size=(7, 4, 2)).astype("float32")
    y = RANDOM.integers(0, 2, (7, 4, outputs)) if labels else RANDOM.normal(size=(7, outputs))
    return Examples(x, y.astype("float32"), rows=3, shuffled=False, per_step=labels)


def dataset(name: str) -> Dataset:
    if name == "language_model":
        return build(PythonReference(name="python_reference", vocabulary=20, window=7, batch_size=3, limit_tokens=500))
    if name in ("classification", "tagging"):
        split = ragged(name == "tagging")
        return Dataset(name, Task(name, (3, None), 3, "words", vocabulary=9, padded=True), split, split, split)
    labels = name == "multilabel"
    parts = [examples(2, labels) for _ in range(3)]
    return Dataset(name, Task(name, (3, 4, 2), 2, "steps"), *parts)


def model_for(data: Dataset, **noise: Any):
    layer = {"units": 4, **noise}
    embedding = {"embedding": {"width": 3, "dropout": 0.2 if noise else 0.0}} if data.task.vocabulary else {}
    model = compiled(ModelConfig.model_validate({"recurrent": [layer], **embedding}), data, TrainingConfig(epochs=1), 1)
    model.set_weights([4 * weight for weight in model.get_weights()])
    return model


def every_sample(model: Any, data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """The outputs (samples, positions, ...) of all real positions, and their targets, the samples one after the other."""
    seed, outputs, targets = derive(5, "montecarlo", 2), [], []
    for number in range(SAMPLES):
        for layer in montecarlo.stateful_layers(model):
            layer.reset_state()
        for place, batch in enumerate(data.test.batches(0, 0)):
            real = batch.sample_weight > 0
            if data.task.carried:
                with montecarlo.drawing(model, seed, number, place):
                    outputs.append(np.asarray(model(batch.x, training=True), np.float64)[real])
            else:  # the copies of a batch are drawn side by side
                with montecarlo.drawing(model, seed, 0, place):
                    drawn = np.asarray(model(np.concatenate([batch.x] * SAMPLES), training=True), np.float64)
                outputs.append(drawn.reshape(SAMPLES, len(batch.x), *drawn.shape[1:])[number][real])
            targets.append(batch.y[real])
    cells = data.test.size
    return np.concatenate(outputs).reshape(SAMPLES, cells, -1), np.concatenate(targets)[:cells]


def entropy(p: np.ndarray) -> np.ndarray:
    return -(p * np.log(p)).sum(axis=-1)


def of_probabilities(p: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """The metrics of p (samples, positions, classes) from their definitions."""
    mean, cells = p.mean(axis=0), np.arange(len(y))
    confidence, right = mean.max(axis=1), mean.argmax(axis=1) == y
    bins = [(confidence > low) & (confidence <= low + 1 / 7) for low in np.arange(7) / 7]
    return {
        "negative_log_likelihood": -np.log(mean[cells, y]).mean(),
        "brier_score": ((mean - np.eye(p.shape[2])[y]) ** 2).sum(axis=1).mean(),
        "predictive_entropy": entropy(mean).mean(),
        "expected_entropy": entropy(p).mean(),
        "mutual_information": entropy(mean).mean() - entropy(p).mean(),
        "expected_calibration_error": sum(abs((right[b].sum() - confidence[b].sum()) / len(y)) for b in bins),
        "perplexity": np.exp(-np.log(mean[cells, y]).mean()),
        "accuracy": right.mean(),
    }


def of_labels(p: np.ndarray, y: np.ndarray) -> dict[str, float]:
    mean = p.mean(axis=0)
    true = np.where(y > 0, mean, 1 - mean)
    both = lambda q: -(q * np.log(q) + (1 - q) * np.log(1 - q)).sum(axis=-1).mean()  # noqa: E731
    return {
        "negative_log_likelihood": -np.log(true).sum(axis=1).mean(),
        "frame_negative_log_likelihood": -np.log(true).sum(axis=1).mean(),
        "brier_score": (2 * (mean - y) ** 2).sum(axis=1).mean(),
        "predictive_entropy": both(mean),
        "mutual_information": both(mean) - both(p),
    }


def of_numbers(drawn: np.ndarray, y: np.ndarray) -> dict[str, float]:
    error = drawn.mean(axis=0) - y
    return {
        "root_mean_squared_error": np.sqrt((error**2).mean()),
        "mean_absolute_error": np.abs(error).mean(),
        "predictive_deviation": np.sqrt(drawn.var(axis=0).mean()),
        "coverage_80": (np.abs(error) <= 1.2815515655446004 * np.sqrt(drawn.var(axis=0) + 1 / 2.5)).mean(),
    }


@pytest.mark.parametrize("name", kept(["classification", "language_model", "tagging", "regression", "multilabel"]))
def test_metrics_are_those_of_all_samples_of_all_scored_positions(name: str) -> None:
    data = dataset(name)
    model = model_for(data, **NOISE)
    config = CONFIG.model_copy(update={"noise_precision": 2.5}) if name == "regression" else CONFIG
    numbers = evaluate(model, data)
    before = [np.asarray(variable.value) for variable in model.variables]
    metrics = evaluate_twice(model, data, config, seed=2, metrics=numbers).metrics
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(np.asarray(variable.value), value)
    outputs, y = every_sample(model, data)
    if name == "regression":
        expected = of_numbers(outputs, y)
    elif name == "multilabel":
        expected = of_labels(1 / (1 + np.exp(-outputs)), y)
    else:
        expected = of_probabilities(np.exp(outputs) / np.exp(outputs).sum(axis=-1, keepdims=True), y)
    for metric, value in expected.items():
        if f"test_mc_{metric}" in metrics:
            assert metrics[f"test_mc_{metric}"] == pytest.approx(value, rel=2e-4, abs=1e-6), metric
    assert {f"test_mc_{metric}" for metric in data.task.kind.metrics} - {"test_mc_loss"} <= metrics.keys()
    assert len(expected.keys() & {key.removeprefix("test_mc_") for key in metrics}) >= 4
    if name in ("language_model", "classification", "tagging"):
        assert metrics["test_negative_log_likelihood"] == pytest.approx(numbers["test_loss"], rel=1e-5)
        assert metrics["test_mc_mutual_information"] > 1e-3


def test_the_diagram_counts_scored_positions_only_and_is_that_of_its_metric() -> None:
    data = dataset("tagging")
    evaluated = evaluate_twice(model_for(data, **NOISE), data, CONFIG, seed=2, metrics={})
    for way, prefix in (("usual", "test_"), ("mc", "test_mc_")):
        count, confidence, accuracy = (np.array(evaluated.calibration[way][key]) for key in ("count", "confidence", "accuracy"))
        assert count.sum() == data.test.size == 21
        error = (count * np.abs(confidence - accuracy)).sum() / count.sum()
        assert evaluated.metrics[f"{prefix}expected_calibration_error"] == pytest.approx(error)


@pytest.mark.parametrize("name", ["language_model", "regression"])
def test_without_noise_the_average_is_the_usual_prediction(name: str) -> None:
    data = dataset(name)
    model = model_for(data)
    numbers = evaluate(model, data)
    evaluated = evaluate_twice(model, data, CONFIG, seed=2, metrics=numbers)
    for metric in data.task.kind.metrics:
        assert metric == "loss" or evaluated.metrics[f"test_mc_{metric}"] == numbers[f"test_{metric}"]
    assert evaluated.metrics["test_mc_negative_log_likelihood"] == evaluated.metrics["test_negative_log_likelihood"]
    assert evaluated.calibration["usual"] == evaluated.calibration["mc"]


def unsure(model: Any, data: Dataset, run: int = 2, **sampling: Any) -> float:
    """The mean over all cells of what the samples disagree about."""
    columns = seen(model, data.task, data.test, MonteCarlo(samples=2, **sampling), run).columns
    return float((columns["entropy"] - columns["expected_entropy"]).mean())


@pytest.mark.slow
def test_the_seed_of_the_run_and_that_of_the_config_decide() -> None:
    data = dataset("classification")
    model = model_for(data, **NOISE)
    first = unsure(model, data)
    assert first == unsure(model, data)
    assert len({first, unsure(model, data, run=3), unsure(model, data, seed=6)}) == 3


def test_words_can_be_kept_and_the_rest_dropped() -> None:
    data = dataset("language_model")
    model = model_for(data, dropout=0.0, recurrent_dropout=0.0)
    assert montecarlo.noisy(model)
    assert unsure(model, data, word_dropout=False) == pytest.approx(0, abs=1e-6)
    assert unsure(model, data) > 1e-3
