"""Time how long batches take to make and to train on, alternating in one process: python experiments/input/measure.py

Writes BACKEND.json beside this file and the rows of the first table in the README. `--rounds 3` is a quick check.
"""

import argparse
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from rnnlab.bench.timing import interleaved
from rnnlab.data.dataset import Dataset, Split
from rnnlab.data.keras_adapter import Feed
from rnnlab.data.splits.streams import TokenStream
from rnnlab.data.splits.variable_length import Ragged
from rnnlab.data.task import Task
from rnnlab.models.model_config import ModelConfig
from rnnlab.training.fit import compiled
from rnnlab.training.training_config import TrainingConfig

FOLDER = Path(__file__).parent
BATCHES = 12
RANDOM = np.random.default_rng(0)


def stream() -> tuple[Split, Task, dict[str, Any]]:
    """Return a text as long as PTB's training split, for Zaremba's small model."""
    tokens = RANDOM.integers(0, 10_000, 929_589, np.int32)
    task = Task("language_model", (20, 35), 10_000, "words", 10_000, carried=True)
    layer = {"units": 200, "dropout": {"scheme": "vertical", "rate": 0.2}}
    return TokenStream(tokens, 20, 35, start=0), task, {"embedding": {"width": 200}, "recurrent": [layer, layer]}


def bucketed() -> tuple[Split, Task, dict[str, Any]]:
    """Return as many reviews as IMDB has, of about the same lengths, cut at 400 words."""
    lengths = np.clip(RANDOM.lognormal(5.15, 0.6, 25_000).astype(int), 10, 2500)
    offsets = np.concatenate([[0], lengths.cumsum()])
    tokens, labels = RANDOM.integers(0, 20_000, offsets[-1], np.int32), RANDOM.integers(0, 2, len(lengths))
    task = Task("classification", (64, None), 2, "examples", 20_000, padded=True)
    split = Ragged(tokens, offsets, labels, rows=64, shuffled=True, max_length=400)
    return split, task, {"embedding": {"width": 64}, "recurrent": [{"units": 64, "recurrent_dropout": 0.3}]}


def epoch(feed: Feed) -> None:
    """Read the batches of an epoch as Keras's trainer does, without training."""
    feed.turn_to(1)
    for _ in feed.get_tf_dataset() if keras.backend.backend() == "tensorflow" else feed.get_jax_iterator():
        pass


def ratio(name: str, made: Callable[[], tuple[Split, Task, dict[str, Any]]], rounds: int) -> dict[str, Any]:
    """Return batches per second of the input alone and of the training step, and the input's time in percent of the step's."""
    split, task, model = made()
    dataset = Dataset(name, task, split, split, split)
    built = compiled(ModelConfig.model_validate(model), dataset, TrainingConfig(epochs=1), seed=1)
    feed = Feed(split, seed=1)
    batches = [feed[index] for index in range(BATCHES)]
    times = interleaved(
        {"input": lambda: epoch(feed), "step": lambda: [built.train_on_batch(*batch) for batch in batches]}, rounds
    )
    row: dict[str, Any] = {"backend": keras.backend.backend(), "shape": name}
    for which in ("least", "median"):
        batch, step = getattr(times["input"], which) / split.count, getattr(times["step"], which) / BATCHES
        row |= {f"input, {which}": 1000 / batch, f"step, {which}": 1000 / step, f"percent, {which}": 100 * batch / step}
    return {key: round(value, 2) if isinstance(value, float) else value for key, value in row.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    rows = [
        ratio("stream 20 x 35, LSTM 2 x 200, 10,000 words", stream, rounds),
        ratio("bucketed 64 x up to 400, LSTM 64, 20,000 words", bucketed, rounds),
    ]
    backend = keras.backend.backend()
    (FOLDER / f"{backend}.json").write_text(json.dumps(rows, indent=1) + "\n")
    lines = "".join("| " + " | ".join(str(value) for value in row.values()) + " |\n" for row in rows)
    readme = re.sub(rf"^\| {backend} \|.*\n", "", (FOLDER / "README.md").read_text(), flags=re.MULTILINE)
    (FOLDER / "README.md").write_text(re.sub(r"^(\|---.*\n)", rf"\g<1>{lines}", readme, flags=re.MULTILINE))
    print(lines, end="")
