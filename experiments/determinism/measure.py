"""Time a training step of whole models with and without `training.deterministic`, alternating in one process."""

import json
from functools import partial
from typing import Any

import keras

from rnnlab.bench.timing import interleaved
from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import PythonReference
from rnnlab.data.keras_adapter import Feed
from rnnlab.models.model_config import ModelConfig
from rnnlab.training.fit import compiled
from rnnlab.training.repeatable import repeatable
from rnnlab.training.training_config import TrainingConfig

STEPS, ROUNDS = 20, 40
DATA = build(
    PythonReference(name="python_reference", level="word", vocabulary=2000, window=32, batch_size=16, limit_tokens=40000)
)
BATCHES = [Feed(DATA.train)[index] for index in range(STEPS)]


def model(implementation: str, deterministic: bool) -> keras.Model:
    """Return a small word-level language model, its step traced under the setting."""
    repeatable(1, deterministic)
    layer = {"cell": "lstm", "units": 128, "dropout": 0.5, "recurrent_dropout": 0.3, "implementation": implementation}
    config = ModelConfig.model_validate({"embedding": {"width": 128}, "recurrent": [layer], "head": {"tie_embedding": True}})
    built = compiled(config, DATA, TrainingConfig(epochs=1), 1)
    built.train_on_batch(*BATCHES[0])
    return built


def steps(built: keras.Model, deterministic: bool) -> None:
    """Train on some batches under the setting."""
    repeatable(1, deterministic)
    for batch in BATCHES:
        built.train_on_batch(*batch)


def ratio(implementation: str) -> dict[str, Any]:
    """Return the times under both settings, and their ratio, deterministic over not."""
    candidates = {str(setting): partial(steps, model(implementation, setting), setting) for setting in (True, False)}
    on, off = interleaved(candidates, ROUNDS).values()
    times = {"on": on.median / STEPS, "off": off.median / STEPS}
    return {"implementation": implementation, **times, "least": on.least / off.least, "median": on.median / off.median}


rows = [{"backend": keras.backend.backend(), **ratio(implementation)} for implementation in ("auto", "keras")]
print(json.dumps([{k: round(v, 3) if isinstance(v, float) else v for k, v in row.items()} for row in rows], indent=1))
