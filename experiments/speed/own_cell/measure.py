"""Is a user's own cell fast without further work?   python experiments/speed/own_cell/measure.py > FILE

Times a training step of the minimal gated unit of mgu.py and one of our GRU, alternating in one process, with
dropout = recurrent_dropout = 0.5. Each gate has a product with the input and one with the state, so a GRU has three of each and
the MGU two; least times are divided by these numbers. Prints JSON.
"""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from rnnlab import layers, plugins
from rnnlab.bench.timing import interleaved
from rnnlab.bench.training_step import products, training_step
from rnnlab.cells import StepCell

SHAPES = [(20, 35, 650, 650), (32, 100, 128, 128)]
"""Batch, steps, inputs, units."""
GATES = {"gru": 3, "mgu": 2}
RATE = 0.5


def measure(batch: int, steps: int, inputs: int, units: int, repeats: int) -> dict[str, float | list[int]]:
    """Return the least milliseconds per gate of each step and of its bare products, and the ratio of the two cells."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((batch, steps, inputs), np.float32)
    seen = rng.standard_normal((batch, steps, units), np.float32)
    noise = {"dropout": RATE, "recurrent_dropout": RATE, "return_sequences": True}
    made = {"gru": layers.GRU(units, **noise), "mgu": layers.RNN(StepCell("mgu", units), **noise)}
    steps_of = {name: training_step(layer, x, seen, jit=False) for name, layer in made.items()}
    steps_of |= {f"{name}'s products": products(x, units, gates, jit=False) for name, gates in GATES.items()}
    least = {name: timing.least for name, timing in interleaved(steps_of, repeats).items()}
    a_gate = {f"{name}, ms a gate": round(time / GATES[name.split("'")[0]], 2) for name, time in least.items()}
    ratio = (least["mgu"] / GATES["mgu"]) / (least["gru"] / GATES["gru"])
    return {"shape": [batch, steps, inputs, units], **a_gate, "mgu over gru": round(ratio, 2)}


def main() -> None:
    """Measure every shape."""
    plugins.load([str(Path(__file__).with_name("mgu.py"))])
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    print(json.dumps([measure(*shape, repeats) for shape in SHAPES], indent=1))


if __name__ == "__main__":
    main()
