"""Images read as sequences, by pixels and by rows, in their order and permuted."""

import gzip
from types import SimpleNamespace

import numpy as np
import pytest

from rnnlab.data.build import build
from rnnlab.data.sources import mnist
from rnnlab.data.sources.build import keep_files, prepared_for

STEPS = {"pixels": (784, 1), "rows": (28, 28)}


@pytest.fixture
def images(home, monkeypatch):
    """What the stock builder would have prepared, but random and small."""
    random = np.random.default_rng(0)
    found = {name: random.integers(0, 256, (size, 784), np.uint8) for name, size in {"train": 60, "test": 20}.items()}

    class Stock:
        version, info = "3.0.1", SimpleNamespace(citation="", homepage="")

        def as_data_source(self, split):
            return [{"image": image.reshape(28, 28, 1), "label": int(image[0]) % 10} for image in found[split]]

    monkeypatch.setattr(mnist, "builder", lambda name: Stock())
    return found


@pytest.mark.parametrize("read", STEPS)
@pytest.mark.parametrize("permutation", [None, 0, 7])
def test_a_permutation_inverts(images, section, read, permutation):
    config = section({"name": "tfds/mnist", "read": read, "permutation": permutation, "held_out": 10, "batch_size": 7})
    data = build(config)
    order = mnist.places(config)
    assert (order == np.arange(784)).all() == (permutation is None)
    back = np.argsort(order)
    seen = []
    for split in (data.train, data.validation, data.test):
        for x, y, weights in split.batches(seed=3, epoch=1):
            assert x.shape[1:] == STEPS[read]
            assert x.dtype == np.float32
            assert x.shape == data.task.batch_shape
            pixels = (x.reshape(len(x), 784)[:, back] * 255).round().astype(np.uint8)
            assert (pixels[weights > 0][:, 0] % 10 == y[weights > 0]).all()
            seen += [image.tobytes() for image in pixels[weights > 0]]
    assert sorted(seen) == sorted(image.tobytes() for part in images.values() for image in part)


def test_the_seed_decides_the_permutation_and_the_fingerprint(images, section):
    settings = [{}, {"permutation": 1}, {"permutation": 2}, {"read": "pixels"}]
    sections = [section({"name": "tfds/mnist", "held_out": 10, **one}) for one in settings]
    assert len({build(one).sha256 for one in sections}) == 4
    assert (mnist.places(sections[1]) == mnist.places(sections[1])).all()
    assert len({prepared_for(one).folder for one in sections}) == 1


def test_digits_by_their_own_builder(shared_data, shared_home, section):
    config = section({"name": "tfds/mnist", "permutation": 3})
    keep_files(config, shared_data / "mnist")
    data = build(config)
    assert [split.size for split in (data.train, data.validation, data.test)] == [55_000, 5_000, 10_000]
    raw = {}
    for name, file in {"train": "train", "test": "t10k"}.items():
        images = gzip.decompress((shared_data / "mnist" / f"{file}-images-idx3-ubyte.gz").read_bytes())[16:]
        labels = gzip.decompress((shared_data / "mnist" / f"{file}-labels-idx1-ubyte.gz").read_bytes())[8:]
        raw[name] = sorted(images[784 * place : 784 * place + 784] + labels[place : place + 1] for place in range(len(labels)))
    back = np.argsort(mnist.places(config))
    kept = {"train": (data.train, data.validation), "test": (data.test,)}
    for name, splits in kept.items():
        found = []
        for split in splits:
            for x, y, weights in split.batches(0, 0):
                pixels = (x.reshape(len(x), 784)[:, back] * 255).round().astype(np.uint8)
                found += [image.tobytes() + bytes([digit]) for image, digit in zip(pixels, y, strict=True)][
                    : int((weights > 0).sum())
                ]
        assert sorted(found) == raw[name]
