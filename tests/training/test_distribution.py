"""A run on two devices is the run on one, but for rounding; the devices are virtual ones of the processor."""

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from rnnlab.training.config import TrainingConfig
from rnnlab.training.distribution import distributed

TRAIN = """
import json, sys
import jax, keras
from rnnlab.data.build import build
from rnnlab.data.config import PythonReference
from rnnlab.models.config import ModelConfig
from rnnlab.training.config import TrainingConfig
from rnnlab.training.train import train
data = {"vocabulary": 40, "window": 6, "batch_size": 4, "limit": 300}
dataset = build(PythonReference(name="python_reference", **data))
layers = [{"units": 4, "dropout": 0.3, "recurrent_dropout": 0.3}, {"units": 3, "implementation": "keras", "dropout": 0.2}]
model = ModelConfig.model_validate({"embedding": {"width": 4}, "recurrent": layers})
training = TrainingConfig.model_validate({"epochs": 2, "distribution": json.loads(sys.argv[1])})
devices = []
watch = keras.callbacks.LambdaCallback(
    on_train_end=lambda logs: devices.append(len(trained.weights[0].value.sharding.device_set)))
watch.on_train_begin = lambda logs=None: globals().update(trained=watch.model)
trained, outcome = train(model, dataset, training, 1, [watch])
weights = [keras.ops.convert_to_numpy(weight).ravel().tolist() for weight in trained.trainable_weights]
print(json.dumps([jax.device_count(), devices, weights, outcome.metrics, outcome.initial_weights]))
"""


def trained(devices: int, distribution: str) -> list[Any]:
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={devices}"
    own = {"KERAS_BACKEND": "jax", "XLA_FLAGS": flags}
    done = subprocess.run(
        [sys.executable, "-c", TRAIN, distribution], env={**os.environ, **own}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout.splitlines()[-1]))


def test_two_devices_give_the_result_of_one() -> None:
    one, two = trained(1, "null"), trained(2, '"data_parallel"')
    assert (one[0], one[1], two[0], two[1]) == (1, [1], 2, [2])
    assert one[4] == two[4]
    for mine, theirs in zip(one[2], two[2], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)
    for name, value in one[3].items():
        if "second" not in name:
            assert two[3][name] == pytest.approx(value, rel=1e-5), name


def test_what_cannot_be_spread_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    config = TrainingConfig(epochs=1, distribution="data_parallel")
    monkeypatch.setattr(keras.backend, "backend", lambda: "tensorflow")
    with pytest.raises(ValueError, match="needs KERAS_BACKEND=jax, not tensorflow"), distributed(config, 4):
        pass
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: ["cpu:0", "cpu:1", "cpu:2"])
    told = r"4 rows cannot be divided among 3 devices; change data\.batch_size"
    with pytest.raises(ValueError, match=told), distributed(config, 4):
        pass
