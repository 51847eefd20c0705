"""A task of a plug-in: its loss, its metrics and its head, in configs, in runs and in what a run is known by."""

import re

import keras
import numpy as np
import pytest

from rnnlab import plugins, register, testing
from rnnlab.config import ConfigError, load
from rnnlab.data.build_dataset import build
from rnnlab.data.keras_adapter import Feed
from rnnlab.storage import store
from rnnlab.sweep.sweep import run
from rnnlab.training.fit import compiled, evaluate

TEXT = '''
import numpy as np
from keras import ops

import rnnlab


def error(targets, outputs):
    """|y - mean| of every row."""
    return ops.mean(ops.abs(targets - outputs[..., :1]), axis=-1)


@rnnlab.register.task("gaussian", heads=2, metrics={"mean_error": (error, "min")})
def gaussian(targets, outputs):
    """-log N(y; mean, exp(log_deviation)^2) without its constant."""
    mean, log_deviation = ops.split(outputs, 2, axis=-1)
    z = (targets - mean) * ops.exp(-log_deviation)
    return ops.mean(0.5 * ops.square(z) + log_deviation, axis=-1)


@rnnlab.register.dataset("noisy", task="gaussian")
def noisy(config, examples, seed):
    """What is the sum of a sequence, and how sure is that?"""
    x = np.random.default_rng(seed).normal(size=(examples, 4, 1)).astype("float32")
    return x, x.sum(axis=1)
'''
EXPERIMENT = """name: tasks
plugins: [tasks.py]
data: {name: noisy, examples: {train: 37, validation: 16, test: 21}, batch_size: 8}
model: {recurrent: [{units: 3}]}
training: {epochs: 2, monitor: mean_error}
compare:
  seeds: 1
  variants: {own: {}, adding: {data: {name: adding, length: 4}, training.monitor: loss}}
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(plugins, "_LOADED", {})
    (tmp_path / "tasks.py").write_text(TEXT)
    (tmp_path / "tasks.yaml").write_text(EXPERIMENT)
    return tmp_path


def test_its_loss_and_metrics_are_means_over_all_positions_of_its_functions(place):
    config = load(place / "tasks.yaml").variants["own"]
    data = build(config.data)
    model = compiled(config.model, data, config.training, 1)
    metrics = evaluate(model, data)
    for name, split in (("train", data.train), ("test", data.test)):
        batches = [(model(batch.x), batch.y, batch.sample_weight > 0) for batch in split.batches(0, 0)]
        outputs = np.concatenate([keras.ops.convert_to_numpy(one)[real] for one, _, real in batches])
        targets = np.concatenate([y[real] for _, y, real in batches])
        mean, log_deviation = outputs[:, :1], outputs[:, 1:]
        assert outputs.shape == (split.size, 2)
        expected = (0.5 * ((targets - mean) / np.exp(log_deviation)) ** 2 + log_deviation).mean()
        assert metrics[f"{name}_loss"] == pytest.approx(expected, rel=1e-5)
        assert metrics[f"{name}_mean_error"] == pytest.approx(np.abs(targets - mean).mean(), rel=1e-5)
    assert len(Feed(data.train)) == 5
    testing.check_dataset({"name": "noisy", "examples": {"train": 37, "validation": 16, "test": 21}, "batch_size": 8})


def test_a_change_of_its_source_is_another_run_for_those_that_use_it(place):
    known = {spec.variant: spec.training_fingerprint for spec in load(place / "tasks.yaml").runs()}
    (place / "tasks.py").write_text(TEXT.replace("0.5 * ops", "0.6 * ops"))
    now = {spec.variant: spec.training_fingerprint for spec in load(place / "tasks.yaml").runs()}
    assert {variant for variant in known if known[variant] != now[variant]} == {"own"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("monitor: mean_error", "monitor: mean_eror", r"noisy has no .* 'mean_eror'; allowed: loss, mean_error"),
        ("{units: 3}]", "{units: 3}], head: {task: gausian}", r"must be one of .*gaussian \(did you mean gaussian\?\)"),
        (
            "epochs: 2,",
            "epochs: 2, consistency: {name: rdrop, weight: 1},",
            r"numbers have no probabilities that diverge; fraternal compares them",
        ),
    ],
)
def test_errors_know_it(place, old, new, message):
    file = place / "tasks.yaml"
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(ConfigError) as error:
        load(file)
    assert re.search(message, str(error.value)), error.value


def test_what_is_no_task_is_refused():
    with pytest.raises(ValueError, match="better by min or max, got far: 'low'"):
        register.task("wrong", metrics={"far": (abs, "low")})
    with pytest.raises(ValueError, match="there is a task 'tagging' already, from rnnlab"):
        register.task("tagging")(lambda targets, outputs: targets)


@pytest.mark.slow
def test_a_run_of_it_ends_and_is_compared_on_its_metric(place):
    from rnnlab.comparison.compare import compare

    swept = run(load(place / "tasks.yaml", ["executor={name: in_process}"]), place / "runs")
    assert swept.exit_status == 0
    result = store.read_run(place / "runs/tasks/own/seed-1").result
    assert (result.monitor, result.mode, result.modes) == (
        "val_mean_error",
        "min",
        {"loss": "min", "mean_error": "min"},
    )
    told = compare(place / "runs" / "tasks", metric="mean_error", baseline="own")
    assert "mean_error" in told.metric
