"""Data sets as values: fingerprints, known answers, the same batches in every process."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from rnnlab.data.build import build
from rnnlab.data.config import Adding, DataConfig, Examples, PythonReference

CONFIGS: list[DataConfig] = [
    PythonReference(name="python_reference", limit=5000),
    Adding(name="adding", length=20, examples=Examples(train=100, validation=30, test=30)),
]

DIGEST = """
import sys
from hashlib import sha256
from pydantic import TypeAdapter
from rnnlab.data.build import build
from rnnlab.data.config import DataConfig
data = build(TypeAdapter(DataConfig).validate_json(sys.argv[1]))
digest = sha256()
for epoch in range(2):
    for batch in data.train.batches(seed=3, epoch=epoch):
        for array in batch:
            digest.update(array.tobytes())
print(data.sha256, data.order_sha256(3), digest.hexdigest())
"""


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.name)
def test_two_processes_see_identical_batches(config: DataConfig) -> None:
    def other_process(hash_seed: str) -> str:
        command = [sys.executable, "-c", DIGEST, config.model_dump_json()]
        return subprocess.run(command, check=True, capture_output=True, text=True, env={"PYTHONHASHSEED": hash_seed}).stdout

    assert other_process("1") == other_process("2")


def test_the_fingerprint_sees_every_split_and_the_vocabulary() -> None:
    config = PythonReference(name="python_reference", limit=5000)
    data = build(config)
    assert data.sha256 == build(config).sha256
    assert data.sha256 != build(config.model_copy(update={"vocabulary": 100})).sha256
    for split in (data.train, data.validation, data.test):
        split.arrays()[0][-1] += 1
        assert replace(data).sha256 != data.sha256
        split.arrays()[0][-1] -= 1


def test_order_fingerprint_follows_the_seed() -> None:
    data = build(CONFIGS[1])
    assert data.order_sha256(1) == build(CONFIGS[1]).order_sha256(1)
    assert data.order_sha256(1) != data.order_sha256(2)


def test_adding_knows_its_answers() -> None:
    data = build(Adding(name="adding", length=21, examples=Examples(train=20_000, validation=10, test=10)))
    x, y = data.train.arrays()
    assert (x[..., 1].sum(axis=1) == 2).all()
    assert (x[:, :10, 1].sum(axis=1) == 1).all()
    perfect = np.mean((y - (x[..., 0] * x[..., 1]).sum(axis=1, keepdims=True)) ** 2)
    assert perfect == data.known_losses["perfect"]
    # The mean of 20,000 squares has a standard error of 0.0014 around 1/6.
    assert np.mean((y - 1) ** 2) == pytest.approx(data.known_losses["guessing"], abs=0.006)


def test_adding_splits_share_no_example_and_are_the_same_in_every_run() -> None:
    data, again = build(CONFIGS[1]), build(CONFIGS[1])
    sums = [set(split.arrays()[1].ravel().tolist()) for split in (data.train, data.validation, data.test)]
    assert not sums[0] & sums[1]
    assert not sums[0] & sums[2]
    assert not sums[1] & sums[2]
    assert data.sha256 == again.sha256
