"""What does a training batch cost in Python in addition to its step? Prints JSON, in milliseconds of processor time.

KERAS_BACKEND=jax python experiments/speed/batch/measure.py > experiments/speed/batch/jax.json
"""

import json
import time
from collections.abc import Callable
from itertools import count
from types import SimpleNamespace
from typing import Any

from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import PythonReference
from rnnlab.data.keras_adapter import Feed
from rnnlab.models.model_config import ModelConfig
from rnnlab.progress.base import watch
from rnnlab.sweep.execute import Owned
from rnnlab.training.callbacks import Divergence, Meter
from rnnlab.training.fit import compiled
from rnnlab.training.program import MOST, stacked
from rnnlab.training.training_config import TrainingConfig

ROUNDS, CALLS = 8, 100
DATA = build(
    PythonReference(name="python_reference", level="word", vocabulary=64, window=32, batch_size=16, limit_tokens=80_000)
)
LAYER = {"cell": "lstm", "units": 32, "dropout": 0.5, "recurrent_dropout": 0.3}
CONFIG = {"embedding": {"width": 32}, "recurrent": [LAYER], "head": {"tie_embedding": True}}
MODEL = compiled(ModelConfig.model_validate(CONFIG), DATA, TrainingConfig(epochs=1), 1)
FEED = Feed(DATA.train)


def milliseconds(call: Callable[[], Any]) -> float:
    """Return the processor time of a call in milliseconds: the least mean of several rounds."""
    call()
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(CALLS):
            call()
        times.append((time.process_time() - start) / CALLS)
    return 1000 * min(times)


def callbacks() -> Callable[[], None]:
    """Return a call of the callbacks that every run makes after a batch."""
    lock, shown = SimpleNamespace(beat=5.0, check=lambda: None), SimpleNamespace(batch=lambda share: None)
    watching = [Divergence(), Meter(512.0), Owned(lock), watch(shown, len(FEED))]  # type: ignore[arg-type]
    for callback in watching[:-1]:
        callback.set_model(MODEL)
        callback.on_epoch_begin(0)
    logs = {"loss": 1.0, "perplexity": 2.0}

    def tell() -> None:
        for callback in watching:
            callback.on_train_batch_end(0, logs)

    return tell


def main() -> None:
    """Measure what a batch costs on this backend."""
    numbers = count()
    rows = {"making a batch": milliseconds(lambda: FEED[next(numbers) % len(FEED)]), "callbacks": milliseconds(callbacks())}
    batches = stacked([FEED[0]], MOST)
    rows["stacking the batches of a call, by batch"] = milliseconds(lambda: stacked([FEED[0]] * MOST, MOST)) / MOST
    rows["a call of no step, by batch of a full one"] = milliseconds(lambda: MODEL.program.run(batches, 0, True)) / MOST
    print(json.dumps({what: round(value, 4) for what, value in rows.items()}, indent=1))


if __name__ == "__main__":
    main()
