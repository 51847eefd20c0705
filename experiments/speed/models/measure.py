"""What does it cost to build and train many models in one process?   python experiments/speed/models/measure.py > FILE

Twelve models with an LSTM over 80 steps, each fitted for one step, with Keras's layer and with ours in separate processes.
Prints JSON: processor seconds and MiB of memory per model, after a first model that is not counted.
"""

import json
import os
import subprocess
import sys
import time

MODELS, STEPS, INPUTS, UNITS, ROWS = 12, 80, 16, 32, 32


def memory() -> float:
    """Return the memory of this process in MiB."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def measure(package: str) -> dict[str, float]:
    """Build and fit the models with the layer of a package."""
    import keras
    import numpy as np

    from rnnlab import layers

    kind = {"rnnlab": layers.LSTM, "keras": keras.layers.LSTM}[package]
    x = np.random.default_rng(0).normal(size=(ROWS, STEPS, INPUTS)).astype("float32")

    def made() -> keras.Model:
        layer = kind(UNITS, dropout=0.2, recurrent_dropout=0.2)
        model = keras.Sequential([keras.Input((STEPS, INPUTS)), layer, keras.layers.Dense(1)])
        model.compile("sgd", "mse", jit_compile=False)
        model.fit(x, np.ones((ROWS, 1)), batch_size=ROWS, verbose=0)
        return model

    kept = [made()]
    start, before = time.process_time(), memory()
    kept += [made() for _ in range(MODELS)]
    seconds, mib = time.process_time() - start, memory() - before
    return {"processor seconds a model": round(seconds / MODELS, 2), "MiB a model": round(mib / MODELS, 1)}


def main() -> None:
    """Measure the package named, or both in separate processes."""
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1])))
        return
    results = {}
    for package in ("keras", "rnnlab"):
        done = subprocess.run([sys.executable, __file__, package], capture_output=True, text=True, check=True)
        results[package] = json.loads(done.stdout.splitlines()[-1])
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
