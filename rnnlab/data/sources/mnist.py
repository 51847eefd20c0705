"""Handwritten digits read as sequences: pixel by pixel or row by row, in their order or permuted."""

from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from rnnlab.data.dataset import Batch, Dataset
from rnnlab.data.prepared import Prepared
from rnnlab.data.sources.holdout import owners
from rnnlab.data.sources.source_config import SPLITS, Count, Source
from rnnlab.data.sources.tfds_download import builder
from rnnlab.data.splits.fixed_length import Examples
from rnnlab.data.task import Task
from rnnlab.data.tokenizer import Codec, Scale
from rnnlab.documents import Record
from rnnlab.seeds import derive

SIDE = 28
BRIGHTEST = 255


class Mnist(Source):
    """The digit of an image that is read as a sequence (Le, Jaitly & Hinton 2015, arXiv 1504.00941), pixels from 0 to 1."""

    name: Literal["tfds/mnist"]
    """The name of the data set."""
    read: Literal["pixels", "rows"] = "rows"
    """What a step is: one of 784 pixels, or one of 28 rows of 28 pixels."""
    permutation: int | None = Field(None, ge=0)
    """The seed of a permutation of the pixels, the same for every image, applied before they are cut into rows; null keeps the
    order of the image."""
    held_out: Count = Field(5000, le=59_999)
    """How many of the 60,000 training images form the validation split."""
    split_seed: int = 0
    """The seed that decides which images are held out."""

    @property
    def tokens(self) -> bool:
        """The inputs are numbers."""
        return False

    @property
    def task(self) -> str:
        """The kind of task: a key of `rnnlab.data.task.KINDS`."""
        return "classification"

    @property
    def key(self) -> Record:
        """The settings that affect the prepared arrays: none, since the images are stored unchanged."""
        return {}


class Images(Examples):
    """Images [images, pixels] of bytes as sequences [rows, steps, pixels of a step], read in the order `places`.

    >>> split = Images(np.array([[0, 51, 255, 102]], np.uint8), np.array([7]), 1, False, np.array([2, 0, 3, 1]), steps=2)
    >>> (255 * next(split.batches(0, 0)).x).tolist()
    [[[255.0, 0.0], [102.0, 51.0]]]
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, rows: int, shuffled: bool, places: np.ndarray, steps: int):
        super().__init__(x, y, rows, shuffled)
        self.places, self.steps = places, steps

    def batch(self, items: np.ndarray) -> Batch:
        """Return the images with these numbers."""
        pixels, y, weights = super().batch(items)
        ordered = pixels[:, self.places].astype(np.float32) / np.float32(BRIGHTEST)
        return Batch(ordered.reshape(len(items), self.steps, -1), y, weights)

    def arrays(self) -> tuple[np.ndarray, ...]:
        """Return images, digits, the order of the pixels, and the number of steps."""
        return self.x, self.y, self.places, np.array(self.steps)


def places(config: Mnist) -> np.ndarray:
    """Return the order in which pixels are read: that of the image, or a permutation drawn from a seed."""
    pixels = np.arange(SIDE * SIDE)
    if config.permutation is None:
        return pixels
    return np.random.default_rng(derive(config.permutation, "mnist", "permutation")).permutation(pixels)


def make(config: Mnist, folder: Path) -> Record:
    """Write images [images, 784] and digits, prepared by the data set's own builder, and return their description."""
    made = builder("mnist")
    counts = {}
    for name in ("train", "test"):
        source = made.as_data_source(split=name)
        images = np.zeros((len(source), SIDE * SIDE), np.uint8)
        digits = np.zeros(len(source), np.int32)
        for place, record in enumerate(source):
            images[place], digits[place] = record["image"].reshape(-1), record["label"]
        np.save(folder / f"{name}.values.npy", images)
        np.save(folder / f"{name}.targets.npy", digits)
        counts[name] = {"steps": images.size, "examples": len(digits)}
    codec = Codec(labels=tuple(map(str, range(10))), inputs=Scale((0.0,), (float(BRIGHTEST),)))
    about = {"version": str(made.version), "citation": made.info.citation, "url": made.info.homepage}
    return {**about, "licence": "CC BY-SA 3.0", "codec": codec.document(), "splits": counts}


def assemble(config: Mnist, prepared: Prepared) -> Dataset:
    """Return the images as a data set."""
    owner = owners(len(prepared["train.targets"]), {"validation": config.held_out}, config.split_seed)
    whole = {name: (prepared[f"{name}.values"], prepared[f"{name}.targets"]) for name in ("train", "test")}
    parts = dict.fromkeys(("train", "validation"), whole["train"]) | {"test": whole["test"]}
    numbers = {"train": np.flatnonzero(owner == 0), "validation": np.flatnonzero(owner == 1)}
    steps = SIDE if config.read == "rows" else SIDE * SIDE
    order = places(config)

    def split(name: str) -> Images:
        x, y = parts[name]
        chosen = numbers.get(name, np.arange(len(y)))[: config.limit_examples]
        return Images(x[chosen], np.asarray(y[chosen]), config.batch_size, name == "train", order, steps)

    train, validation, test = map(split, SPLITS)
    task = Task(config.task, (config.batch_size, steps, SIDE * SIDE // steps), 10, "examples")
    return Dataset(config.name, task, train, validation, test, Codec.of(prepared.about["codec"]))
