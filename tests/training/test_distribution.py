"""A run on two devices is the run on one, but for rounding; the devices are virtual ones of the processor."""

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import PythonReference
from rnnlab.data.generators.generator_config import Adding, SplitSizes
from rnnlab.models.model_config import ModelConfig
from rnnlab.training.distribution import distributed
from rnnlab.training.training_config import TrainingConfig

JAX = """
import json
import jax, keras
from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import PythonReference
count = lambda weight: len(weight.value.sharding.device_set)
data = {"vocabulary": 40, "window": 6, "batch_size": 4, "limit_tokens": 300}
dataset = build(PythonReference(name="python_reference", **data))
builtin, optimizer = {"implementation": "keras", "dropout": 0.2}, {}
"""
"""A carried state, and noise of built-in layers."""
TENSORFLOW = """
import json
import keras, tensorflow as tf
from rnnlab.data.build_dataset import build
from rnnlab.data.generators.generator_config import CopyMemory
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
count = lambda weight: len(getattr(weight.value, "values", [0]))
examples = {"train": 40, "validation": 12, "test": 12}
dataset = build(CopyMemory(name="copy_memory", delay=3, batch_size=4, examples=examples))
builtin = {"implementation": "keras"}
optimizer = {"name": "sgd", "learning_rate": 0.5, "clip_norm": 0.1, "l2": 0.01, "weight_decay": 0.01, "averaging": {"after": 1}}
"""
"""What each replica would see only a part of: masks of all rows, the norm of the whole gradient."""
TRAIN = """
from rnnlab.models.model_config import ModelConfig
from rnnlab.noise import sampling
from rnnlab.training.training_config import TrainingConfig
from rnnlab.training.train import train
layers = [{"units": 4, "dropout": 0.3, "recurrent_dropout": 0.3, "ar": 0.1}, {"units": 3, **builtin}]
head = {"dropout": 0.2}
model = ModelConfig.model_validate({"embedding": {"width": 4, "dropout": 0.2}, "recurrent": layers, "head": head})
assert len(keras.distribution.list_devices()) == 2
for distribution in (None, "data_parallel"):
    training = TrainingConfig.model_validate({"epochs": 2, "optimizer": optimizer, "distribution": distribution})
    sampling.MANY = 1 if distribution else sampling.MANY  # on TensorFlow replicas draw by our program, a device alone by Keras
    devices = []
    watch = keras.callbacks.LambdaCallback(
        on_train_end=lambda logs: devices.append(count(trained.weights[0])))
    watch.on_train_begin = lambda logs=None: globals().update(trained=watch.model)
    trained, outcome = train(model, dataset, training, 1, [watch])
    weights = [keras.ops.convert_to_numpy(weight).ravel().tolist() for weight in trained.trainable_weights]
    print(json.dumps([devices, weights, outcome.metrics, outcome.initial_weights]))
"""


@pytest.mark.process
@pytest.mark.parametrize("backend", ["jax", "tensorflow"])
def test_two_devices_give_the_result_of_one(backend: str) -> None:
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=2"
    own = {"KERAS_BACKEND": backend, "XLA_FLAGS": flags}
    command = [sys.executable, "-c", (JAX if backend == "jax" else TENSORFLOW) + TRAIN]
    done = subprocess.run(command, env={**os.environ, **own}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    one, two = map(json.loads, done.stdout.splitlines()[-2:])
    assert (one[0], two[0]) == ([1], [2])
    assert one[3] == two[3]
    for mine, theirs in zip(one[1], two[1], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)
    for name, value in one[2].items():
        if "second" not in name and "throughput" not in name:
            assert two[2][name] == pytest.approx(value, rel=1e-5), name


TEXT = PythonReference(name="python_reference", vocabulary=40, window=6, batch_size=4, limit_tokens=300)
BUILTIN = {"units": 3, "implementation": "keras", "dropout": 0.1}
NUMBERS = Adding(name="adding", length=5, batch_size=4, examples=SplitSizes(train=8, validation=4, test=4))


@pytest.mark.parametrize(
    ("backend", "data", "model", "told"),
    [
        ("jax", NUMBERS, {}, r"a batch of 4 rows cannot be divided among 3 devices; change data\.batch_size"),
        ("torch", NUMBERS, {}, "needs KERAS_BACKEND=jax or tensorflow, not torch"),
        ("tensorflow", TEXT, {}, "data_parallel with a state carried from batch to batch needs KERAS_BACKEND=jax"),
        ("tensorflow", NUMBERS, {"recurrent": [BUILTIN]}, "data_parallel with noise of the built-in layers"),
        ("tensorflow", NUMBERS, {"head": {"dropout": 0.1}}, r"head\.dropout where only the last step is scored"),
    ],
)
def test_what_cannot_be_spread_is_refused(
    backend: str, data: Any, model: dict, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    config = TrainingConfig(epochs=1, distribution="data_parallel")
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    devices = ["cpu:0", "cpu:1", "cpu:2"][: 3 if backend == "jax" else 2]
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: devices)
    spread = ModelConfig.model_validate({"recurrent": [{"units": 3}], **model})
    with pytest.raises(ValueError, match=told), distributed(config, spread, build(data)):
        pass
