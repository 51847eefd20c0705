"""Runs that are killed at an event, and what they train on."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import keras
import numpy as np

from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import Adding, PythonReference, SplitSizes
from rnnlab.data.dataset import Dataset
from rnnlab.data.splits.variable_length import Ragged
from rnnlab.data.task import Task
from rnnlab.models.model_config import ModelConfig
from rnnlab.training.callbacks import EventLog
from rnnlab.training.checkpoint import Slot
from rnnlab.training.fit import compiled
from rnnlab.training.kept import Kept
from rnnlab.training.train import TrainingOutcome, train
from rnnlab.training.training_config import TrainingConfig

WORDS = build(PythonReference(name="python_reference", vocabulary=40, window=6, batch_size=4, limit_tokens=300))
VARIED = build(
    PythonReference.model_validate(
        {
            **{"name": "python_reference", "vocabulary": 40, "window": 6, "batch_size": 4, "limit_tokens": 300},
            "window_sampling": {"deviation": 2.0, "least": 2},
        }
    )
)
NUMBERS = build(Adding(name="adding", length=4, examples=SplitSizes(train=38, validation=9, test=9), batch_size=4))


def sentences(seed: int) -> Ragged:
    """Labelled sequences of 1 to 4 tokens, in batches of two widths."""
    random = np.random.default_rng(seed)
    lengths = random.integers(1, 5, 26)
    tokens = random.integers(0, 9, lengths.sum(), dtype=np.int32)
    return Ragged(
        tokens, np.concatenate([[0], lengths.cumsum()]), random.integers(0, 3, 26), rows=4, shuffled=True, widths=(2, 4)
    )


LABELS = Dataset(
    "labels",
    Task("classification", (4, None), 3, "examples", vocabulary=9, padded=True),
    *(sentences(seed) for seed in range(3)),
)
NOISE = {"dropout": 0.3, "recurrent_dropout": {"scheme": "zoneout", "cell": 0.3, "hidden": 0.2}}


class Killed(BaseException):
    """What a kill is to the code it hits: nothing of it runs any more."""


class Kill(keras.callbacks.Callback):
    """Kills at the n-th event, where a batch, a validation batch or the end of an epoch is one."""

    def __init__(self, at: int, several: bool = False) -> None:
        super().__init__()
        self._left, self.several = at, several

    def _tick(self, *args: Any, **logs: Any) -> None:
        self._left -= 1
        if self._left == 0:
            raise Killed

    on_train_batch_begin = on_train_batch_end = on_test_batch_end = on_epoch_end = _tick


def run(
    folder: Path,
    dataset: Dataset,
    layer: dict[str, Any] | list[dict[str, Any]],
    kill_at: int = -1,
    more: Sequence[keras.callbacks.Callback] = (),
    kept: Kept | None = None,
    several: bool = False,
    **settings: Any,
) -> tuple[list[Any], TrainingOutcome]:
    tokens = dataset.task.vocabulary
    layers = layer if isinstance(layer, list) else [layer]
    model_config = ModelConfig.model_validate(
        {
            "recurrent": [{"units": 3, **one} for one in layers],
            "embedding": {"width": 4, "dropout": 0.2} if tokens else None,
        }
    )
    config = TrainingConfig.model_validate(
        {
            "epochs": 3,
            "optimizer": {"learning_rate": 0.05, "clip_norm": 1.0},
            "early_stopping": {"patience": 2},
            "checkpoint": {"every_minutes": 0.0},
            **settings,
        }
    )
    callbacks = [EventLog(folder / "events.jsonl"), *more, Kill(kill_at, several)]
    slot = Slot(folder / "checkpoint" / "state", "me")
    with kept.serving(model_config, dataset, config) if kept else nullcontext():
        model, outcome = train(model_config, dataset, config, 5, callbacks, slot, make=kept.compiled if kept else compiled)
    return model.get_weights(), outcome


def untimed(record: Any) -> Any:
    """A record without what the clock says."""
    if isinstance(record, dict):
        return {key: untimed(value) for key, value in record.items() if "second" not in key and "throughput" not in key}
    return [untimed(part) for part in record] if isinstance(record, list) else record
