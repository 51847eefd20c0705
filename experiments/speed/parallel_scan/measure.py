"""The parallel scan of minGRU and minLSTM against their loop: python experiments/speed/parallel_scan/measure.py > FILE

Times a training step of one layer on 32 sequences of 1,000 steps, with 128 inputs and units and zoneout of the hidden state,
alternating, on TensorFlow and JAX in separate processes. Prints JSON: the least and the median milliseconds.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

BATCH, STEPS, UNITS = 32, 1000, 128
REPEATS = int(os.environ.get("REPEATS", "6"))
NAMES = {"auto": "parallel scan", "loop": "loop"}


def measure() -> dict[str, dict[str, dict[str, float]]]:
    """Time both implementations of both cells on the backend in use."""
    import numpy as np

    from rnnlab.bench.timing import interleaved
    from rnnlab.bench.training_step import training_step
    from rnnlab.cells import StepCell
    from rnnlab.layers import RNN

    x, seen = np.random.default_rng(0).standard_normal((2, BATCH, STEPS, UNITS), np.float32)
    noise = {"dropout": 0.3, "recurrent_dropout": {"scheme": "zoneout", "hidden": 0.1}}
    steps = {
        (cell, name): training_step(
            RNN(StepCell(cell, UNITS), implementation=way, return_sequences=True, **noise), x, seen, jit=False
        )
        for cell in ("min_gru", "min_lstm")
        for way, name in NAMES.items()
    }
    rows: dict[str, dict[str, dict[str, float]]] = {}
    for (cell, name), timing in interleaved(steps, REPEATS).items():
        rows.setdefault(cell, {})[name] = {key: round(value, 1) for key, value in asdict(timing).items()}
    return rows


def main() -> None:
    """Measure each backend in a separate process."""
    if len(sys.argv) > 1:
        print(json.dumps(measure()))
        return
    results = {}
    for backend in ("tensorflow", "jax"):
        environment = {**os.environ, "KERAS_BACKEND": backend}
        done = subprocess.run([sys.executable, __file__, "one"], capture_output=True, text=True, check=True, env=environment)
        results[backend] = json.loads(done.stdout.splitlines()[-1])
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
