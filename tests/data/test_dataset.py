"""Data sets as values: fingerprints, known answers, the same batches in every process."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import DataConfig, PythonReference
from rnnlab.data.generators.generator_config import (
    Adding,
    Agreement,
    AssociativeRecall,
    CopyMemory,
    MackeyGlass,
    Parity,
    Points,
    SplitSizes,
    TemporalOrder,
)
from rnnlab.data.splits.variable_length import Ragged

FEW = SplitSizes(train=100, validation=30, test=30)
CONFIGS: list[DataConfig] = [
    PythonReference(name="python_reference", limit_tokens=5000),
    Adding(name="adding", length=20, examples=FEW),
    CopyMemory(name="copy_memory", delay=10, examples=FEW),
    TemporalOrder(name="temporal_order", length=20, examples=FEW),
    Parity(name="parity", examples=FEW),
    Parity(name="parity", examples=FEW, every_step=True),
    AssociativeRecall(name="associative_recall", examples=FEW),
    Agreement(name="agreement", examples=FEW),
    MackeyGlass(name="mackey_glass", points=Points(train=300, validation=100, test=100)),
]

DIGEST = """
import sys
from hashlib import sha256
from pydantic import TypeAdapter
from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import DataConfig
for line in sys.argv[1:]:
    data = build(TypeAdapter(DataConfig).validate_json(line))
    digest = sha256()
    for epoch in range(2):
        for batch in data.train.batches(seed=3, epoch=epoch):
            for array in batch:
                digest.update(array.tobytes())
    print(data.sha256, data.order_sha256(3), digest.hexdigest())
"""


def test_two_processes_see_identical_batches() -> None:
    def other_process(hash_seed: str) -> str:
        command = [sys.executable, "-c", DIGEST, *(config.model_dump_json() for config in CONFIGS)]
        return subprocess.run(command, check=True, capture_output=True, text=True, env={"PYTHONHASHSEED": hash_seed}).stdout

    assert other_process("1") == other_process("2")


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_both_backends_are_fed_the_same_batches(backend: str) -> None:
    """Through the iterator that Keras's trainer takes its batches from."""
    import keras

    if keras.backend.backend() != backend:
        pytest.skip(f"this run is on {keras.backend.backend()}")
    from rnnlab.data.keras_adapter import Feed

    lengths = np.random.default_rng(0).integers(1, 40, 70)
    offsets = np.concatenate([[0], lengths.cumsum()])
    ragged = Ragged(np.arange(offsets[-1]), offsets, np.arange(offsets[-1]), rows=8, per_step=True, shuffled=True)
    for split in (*(build(config).train for config in CONFIGS), ragged):
        feed = Feed(split, seed=3)
        fed = list(feed.get_tf_dataset().as_numpy_iterator() if backend == "tensorflow" else feed.get_jax_iterator())
        assert len(fed) == split.count == feed.num_batches
        for mine, theirs in zip(fed, split.batches(3, 0), strict=True):
            for one, two in zip(mine, theirs, strict=True):
                assert one.dtype == two.dtype
                np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.name)
def test_a_limit_makes_every_split_small(config: DataConfig) -> None:
    key = "limit_tokens" if config.name == "python_reference" else "limit_examples"
    limited = build(type(config).model_validate(config.model_dump() | {key: 20}))
    whole = build(config)
    for name in ("train", "validation", "test"):
        part, all_ = getattr(limited, name), getattr(whole, name)
        assert 0 < part.size < all_.size
        assert len(list(part.batches(1, 0))) == part.count


def test_the_fingerprint_sees_every_split_and_the_vocabulary() -> None:
    config = PythonReference(name="python_reference", limit_tokens=5000)
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


def test_adding_splits_share_no_example_and_are_the_same_in_every_run() -> None:
    data, again = build(CONFIGS[1]), build(CONFIGS[1])
    sums = [set(split.arrays()[1].ravel().tolist()) for split in (data.train, data.validation, data.test)]
    assert not sums[0] & sums[1]
    assert not sums[0] & sums[2]
    assert not sums[1] & sums[2]
    assert data.sha256 == again.sha256
