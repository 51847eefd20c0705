"""A few steps of training on the files that everybody has: each model scores better than it did before."""

import csv
import gzip
import tarfile

import numpy as np
import pytest

from rnnlab.data.build_dataset import build
from rnnlab.models.model_config import ModelConfig
from rnnlab.training.fit import compiled, evaluate
from rnnlab.training.train import train
from rnnlab.training.training_config import TrainingConfig

BY_NAME = {
    "ptb": {"name": "ptb", "folder": "ptb", "vocabulary": 500, "limit_examples": 400},
    "ptb by characters": {"name": "ptb", "folder": "ptb", "level": "character", "limit_examples": 100},
    "jsb": {"name": "polyphonic", "set": "jsb", "folder": "polyphonic_music", "limit_examples": 60},
    "nottingham": {"name": "polyphonic", "set": "nottingham", "folder": "polyphonic_music", "limit_examples": 60},
    "cornell": {
        "name": "cornell",
        "folder": "cornell_scale",
        "vocabulary": 2000,
        "limit_examples": 800,
        "lengths": {"max_length": 60},
    },
}
BY_HEART = ("imdb", "cornell")
"""What so few examples teach nothing general about: the loss falls on the training split."""


def sentences(shared, home):
    parts = {"train": "train", "validation": "dev", "test": "test"}
    files = {split: str(shared / "ud_english_ewt" / f"en_ewt-ud-{part}.conllu") for split, part in parts.items()}
    return {"name": "conllu", **files, "limit_examples": 400}


def digits(shared, home):
    images = gzip.decompress((shared / "mnist" / "t10k-images-idx3-ubyte.gz").read_bytes())[16:]
    labels = gzip.decompress((shared / "mnist" / "t10k-labels-idx1-ubyte.gz").read_bytes())[8:]
    rows = np.frombuffer(images, np.uint8).reshape(-1, 28, 28)[:1500]
    np.savez(home / "digits.npz", rows=rows, digit=np.frombuffer(labels, np.uint8)[:1500])
    return {"name": "npz", "train": "digits.npz", "input": "rows", "label": "digit"}


def reviews(shared, home):
    rows = []
    with tarfile.open(shared / "imdb" / "aclImdb_v1_labeled.tar.xz") as archive:
        for member in archive:
            label = member.name.split("/")[-2]
            if label in ("pos", "neg") and sum(row[1] == label for row in rows) < 300:
                rows.append((archive.extractfile(member).read().decode(), label))
            if len(rows) == 600:
                break
    with (home / "reviews.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    return {"name": "table", "train": "reviews.csv", "text": "text", "label": "label", "lengths": {"max_length": 60}}


MADE = {"ud": sentences, "mnist": digits, "imdb": reviews}


@pytest.mark.slow
@pytest.mark.parametrize("which", [*BY_NAME, *MADE])
def test_a_few_steps_lower_the_loss(shared_data, home, section, which):
    if which in MADE:
        given = MADE[which](shared_data, home)
    else:
        given = BY_NAME[which] | {"folder": str(shared_data / BY_NAME[which]["folder"])}
    data = build(section(given))
    embedding = {"embedding": {"width": 16}} if data.vocabulary else {}
    pooling, rate = ("mean", 0.005) if which == "cornell" else ("last", 0.02)
    model = ModelConfig.model_validate({**embedding, "recurrent": [{"units": 16}], "head": {"pooling": pooling}})
    config = TrainingConfig.model_validate({"epochs": 3, "optimizer": {"name": "adam", "learning_rate": rate}})
    before = evaluate(compiled(model, data, config, seed=1), data)
    _, outcome = train(model, data, config, seed=1)
    split = "train" if which in BY_HEART else "val"
    assert outcome.metrics[f"{split}_loss"] < 0.97 * before[f"{split}_loss"]
