"""Images read as sequences, by pixels and by rows, in their order and permuted."""

import gzip
from types import SimpleNamespace

import numpy as np
import pytest

from rnnlab.data.build_dataset import build
from rnnlab.data.sources import mnist
from rnnlab.data.sources.build_source import keep_files, prepared_for

STEPS = {"pixels": (784, 1), "rows": (28, 28)}


@pytest.fixture
def instead(home, monkeypatch):
    """Gives the records of each split instead of those that the builder of TensorFlow Datasets would have prepared."""

    class Stock:
        version, info = "3.0.1", SimpleNamespace(citation="", homepage="")

        def __init__(self, pairs):
            self.pairs = pairs

        def as_data_source(self, split):
            return [{"image": image.reshape(28, 28, 1), "label": label} for image, label in self.pairs[split]]

    return lambda pairs: monkeypatch.setattr(mnist, "builder", lambda name: Stock(pairs))


@pytest.fixture
def images(instead):
    """A few random images; the first pixel tells the digit."""
    random = np.random.default_rng(0)
    drawn = {name: random.integers(0, 256, (size, 784), np.uint8) for name, size in {"train": 60, "test": 20}.items()}
    instead({name: [(image, int(image[0]) % 10) for image in part] for name, part in drawn.items()})
    return drawn


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


FILES = {"train": "train", "test": "t10k"}
KINDS = {"images-idx3": (16, 784), "labels-idx1": (8, 1)}
"""The bytes before the first image or label, and those of each."""


def content(shared_data, split, kind):
    """What a published file says of all images, one after another, behind its header."""
    return gzip.decompress((shared_data / "mnist" / f"{FILES[split]}-{kind}-ubyte.gz").read_bytes())[KINDS[kind][0] :]


def published(shared_data, split, count=None):
    """The first published images of a split with their digits, by themselves."""
    pixels = np.frombuffer(content(shared_data, split, "images-idx3"), np.uint8).reshape(-1, 784)
    return [*zip(pixels, content(shared_data, split, "labels-idx1"), strict=True)][:count]


def assert_same(data, config, pairs):
    """The data set has each of the images with its digit, once."""
    back = np.argsort(mnist.places(config))
    for name, splits in {"train": (data.train, data.validation), "test": (data.test,)}.items():
        seen = []
        for x, y, weights in (batch for split in splits for batch in split.batches(0, 0)):
            pixels = (x.reshape(len(x), 784)[:, back] * 255).round().astype(np.uint8)
            shown = [image.tobytes() + bytes([digit]) for image, digit in zip(pixels, y, strict=True)]
            seen += shown[: int((weights > 0).sum())]
        assert sorted(seen) == sorted(image.tobytes() + bytes([digit]) for image, digit in pairs[name])


@pytest.mark.slow
def test_digits_by_their_own_builder(shared_data, home, section, trusting, monkeypatch):
    """On files cut after so many images, and a builder that is told so; `test_all_digits` has them all."""
    stock = pytest.importorskip("tensorflow_datasets.image_classification.mnist")
    trusting("mnist")
    for split, count in {"train": 3000, "test": 500}.items():
        monkeypatch.setattr(stock, f"_{split.upper()}_EXAMPLES", count)
        for kind, (header, size) in KINDS.items():
            kept = bytes(header) + content(shared_data, split, kind)[: size * count]
            (home / f"{FILES[split]}-{kind}-ubyte.gz").write_bytes(gzip.compress(kept, 1))
    config = section({"name": "tfds/mnist", "permutation": 3, "held_out": 400})
    keep_files(config, home)
    data = build(config)
    assert [split.size for split in (data.train, data.validation, data.test)] == [2600, 400, 500]
    assert_same(data, config, {"train": published(shared_data, "train", 3000), "test": published(shared_data, "test", 500)})


def test_all_digits(shared_data, instead, section):
    pairs = {split: published(shared_data, split) for split in FILES}
    instead(pairs)
    config = section({"name": "tfds/mnist", "permutation": 3})
    data = build(config)
    assert [split.size for split in (data.train, data.validation, data.test)] == [55_000, 5_000, 10_000]
    assert_same(data, config, pairs)
