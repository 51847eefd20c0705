"""Padding changes nothing: no prediction, no gradient, no metric, whatever the kind of task."""

import itertools
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from conformance.running import once
from thinning import kept, thinned

from rnnlab.data.dataset import Dataset
from rnnlab.data.keras_adapter import Feed
from rnnlab.data.splits.variable_length import Ragged
from rnnlab.data.task import KINDS, Task
from rnnlab.models.build_model import build
from rnnlab.models.losses import POSITION_LOSSES
from rnnlab.models.model_config import ModelConfig
from rnnlab.models.objective import OBJECTIVES
from rnnlab.training.optimizer_config import OPTIMIZER
from rnnlab.training.train import train
from rnnlab.training.training_config import TrainingConfig

ROWS, OUTPUTS, VOCABULARY = 4, 3, 9
LENGTHS = np.array([1, 7, 2, 5, 7, 5, 2, 2, 7, 1])
OFFSETS = np.concatenate([[0], np.cumsum(LENGTHS)])
TASKS = [
    Task(name, (ROWS, None, *(() if tokens else (2,))), OUTPUTS, "examples", VOCABULARY if tokens else 0, padded=True)
    for name, tokens in [
        ("classification", True),
        ("classification", False),
        ("regression", True),
        ("tagging", True),
        ("forecasting", False),
        ("multilabel", False),
    ]
]


def split(task: Task, buckets: int = 3, rows: int = ROWS, shuffled: bool = False) -> Ragged:
    random = np.random.default_rng(0)
    total = int(OFFSETS[-1])
    size = total if task.kind.per_step else len(LENGTHS)
    values = random.integers(0, VOCABULARY, total) if task.vocabulary else random.normal(size=(total, 2))
    targets = random.integers(0, OUTPUTS, size) if task.kind.classes else random.integers(0, 2, (size, OUTPUTS)).astype(float)
    return Ragged(values, OFFSETS, targets, rows, task.kind.per_step, shuffled, buckets=buckets)


def model(task: Task, head: dict[str, Any] | None = None, **layer: Any) -> keras.Model:
    rest = {"embedding": {"width": 5}} if task.vocabulary else {}
    layers = [{"units": 4, **layer}]
    return build(ModelConfig.model_validate({"recurrent": layers, "head": head or {}, **rest}), task, seed=1)


def alone(task: Task, one: keras.Model, data: Ragged) -> list[tuple[np.ndarray, np.ndarray]]:
    """Each example's prediction, without any padding, and its targets."""
    call, examples = once(one), []
    for start, stop in itertools.pairwise(OFFSETS):
        x = data.values[start:stop].astype("int32" if task.vocabulary else "float32")
        y = data.targets[start:stop] if task.kind.per_step else data.targets[[len(examples)]]
        prediction = np.asarray(call(np.stack([x] * ROWS)))[0]
        examples.append((prediction if task.kind.per_step else prediction[None], y))
    return examples


HEADS: list[dict[str, Any]] = [{}, {"head": {"pooling": "mean"}}, {"head": {"pooling": "max"}}]
VARIANTS = [
    *[(task, {}) for task in TASKS],
    *[(TASKS[0], head) for head in HEADS[1:]],
    (TASKS[0], {"bidirectional": True}),
    (TASKS[3], {"bidirectional": True}),
    (TASKS[0], {"cell": "gru"}),
    (TASKS[3], {"implementation": "loop"}),
    (TASKS[0], {"implementation": "keras"}),
    (TASKS[0], {"recurrent_dropout": {"scheme": "zoneout", "cell": 0.3, "hidden": 0.1}}),
]


@pytest.mark.parametrize(("task", "variant"), thinned(VARIANTS), ids=lambda part: getattr(part, "name", str(part)))
def test_metrics_are_those_of_examples_without_padding(task: Task, variant: dict[str, Any]) -> None:
    one, data, objective = model(task, **variant), split(task), OBJECTIVES[task.name]
    assert data.varied
    one.compile("sgd", objective.loss(), weighted_metrics=objective.metrics(OUTPUTS))
    metrics = one.evaluate(Feed(data), verbose=0, return_dict=True)
    assert set(metrics) == set(KINDS[task.name].metrics)
    predictions, targets = map(np.concatenate, zip(*alone(task, one, data), strict=True))
    cells = np.asarray(
        POSITION_LOSSES[objective.position_loss](keras.ops.array(targets), keras.ops.array(predictions)), np.float64
    )
    assert cells.shape == (data.size,)
    assert metrics["loss"] == pytest.approx(cells.mean(), rel=2e-5)
    for metric in objective.metrics(OUTPUTS):
        metric.update_state(targets, predictions)
        assert metrics[metric.name] == pytest.approx(float(metric.result()), rel=2e-5)


@pytest.mark.slow
@pytest.mark.parametrize("task", [TASKS[0], TASKS[3]], ids=lambda task: task.name)
def test_the_mean_gradient_of_an_epoch_is_that_of_examples_without_padding(task: Task) -> None:
    def gradient(rows: int, buckets: int) -> list[np.ndarray]:
        data = split(task, buckets, rows)
        one = model(replace(task, batch_shape=(rows, *task.batch_shape[1:])))
        before = one.get_weights()
        one.compile(keras.optimizers.SGD(1.0, gradient_accumulation_steps=data.count), OBJECTIVES[task.name].loss())
        one.fit(Feed(data), epochs=1, verbose=0)
        return [first - after for after, first in zip(one.get_weights(), before, strict=True)]

    for padded, exact in zip(gradient(ROWS, buckets=2), gradient(rows=1, buckets=len(LENGTHS)), strict=True):
        assert np.abs(exact).max() > 1e-5
        np.testing.assert_allclose(padded, exact, atol=1e-6)


@pytest.mark.parametrize("task", kept([TASKS[0], TASKS[3]]), ids=lambda task: task.name)
def test_fit_takes_batches_of_all_widths_in_any_order(task: Task) -> None:
    data = split(task, shuffled=True)
    dataset = Dataset("some", task, data, split(task), split(task))
    config = ModelConfig.model_validate({"recurrent": [{"units": 8, "recurrent_dropout": 0.1}], "embedding": {"width": 5}})
    training = TrainingConfig(epochs=15, optimizer=OPTIMIZER.validate({"learning_rate": 0.05}))
    _, outcome = train(config, dataset, training, seed=1)
    assert outcome.status == "done"
    assert outcome.metrics["train_accuracy"] > 0.7
