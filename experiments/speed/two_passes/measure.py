"""What do two passes over a batch cost compared with one?   python experiments/speed/two_passes/measure.py > FILE

Times epochs of a small language model on the first 200,000 words of the language reference, as a run trains them, alternating
between one pass and each kind of two passes. Prints JSON: the least seconds of a training epoch, and their ratio to one pass.
"""

import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import PythonReference
from rnnlab.models.model_config import ModelConfig
from rnnlab.models.two_passes import NAMES
from rnnlab.training.fit import compiled, fit
from rnnlab.training.training_config import TrainingConfig

ROUNDS = int(os.environ.get("ROUNDS", "5"))
LAYER = {"units": 96, "dropout": 0.3, "recurrent_dropout": 0.3}
MODEL = {"embedding": {"width": 96}, "recurrent": [LAYER], "head": {"tie_embedding": True}}


class Clock(keras.callbacks.Callback):
    """Times the training part of an epoch."""

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start the clock."""
        self.start, self.seconds = time.perf_counter(), 0.0

    def on_test_begin(self, logs: dict | None = None) -> None:
        """Stop the clock: validation begins."""
        self.seconds = time.perf_counter() - self.start


def main() -> None:
    """Measure and print."""
    data = build(PythonReference(name="python_reference", limit_tokens=200_000))
    optimizer = {"name": "adam", "learning_rate": 3.0e-3, "clip_norm": 1.0}
    models, seconds = {}, dict[str, list[float]]()
    for name in ("one pass", *NAMES):
        passes = {"consistency": {"name": name, "weight": 0.15}} if name in NAMES else {}
        config = TrainingConfig.model_validate({"epochs": 1, "optimizer": optimizer, **passes})
        models[name] = compiled(ModelConfig.model_validate(MODEL), data, config, 1), config
    for turn in range(ROUNDS + 1):
        for name, (model, config) in models.items():
            clock = Clock()
            fit(model, data, config, 1, [clock])
            if turn:  # the first one compiles
                seconds.setdefault(name, []).append(clock.seconds)
            print(turn, name, clock.seconds, file=sys.stderr)
    least = {name: min(times) for name, times in seconds.items()}
    rows = {
        name: {"seconds": round(time, 3), "times one pass": round(time / least["one pass"], 2)} for name, time in least.items()
    }
    print(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
