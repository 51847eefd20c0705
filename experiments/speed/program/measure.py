"""What does a training step take as a graph of TensorFlow and as one program of XLA, and how long does each take to compile?

python experiments/speed/program/measure.py > experiments/speed/program/program.json

The bounds `STEPS` and `PARAMETERS` of rnnlab/training/program.py follow from this. One thread, processor time, alternating.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from rnnlab.training.threads import environment

os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", **environment(1)}

from rnnlab.config import load
from rnnlab.data.build_dataset import build
from rnnlab.data.dataset import Dataset
from rnnlab.data.keras_adapter import Feed
from rnnlab.sweep.provenance import machine
from rnnlab.training import fit, program
from rnnlab.training.step import Batches

ROOT = Path(__file__).parents[3]
GRID, ADDING = ROOT / "experiments" / "speed" / "whole" / "grid.yaml", ROOT / "configs" / "adding.yaml"
SMALL = ["data.vocabulary=64", "model.embedding.width=32", "model.recurrent=[{cell: lstm, units: 32}]"]
MODELS = {
    "LSTM of 32 units, 64 words": (GRID, "variational", SMALL),
    "adding.yaml, LSTM of 32 units": (ADDING, "lstm_variational", []),
    "grid.yaml, LSTM of 128 units": (GRID, "variational", []),
    "LSTM of 256 units, 1.04 million weights": (
        GRID,
        "variational",
        ["model.recurrent=[{cell: lstm, units: 256}]", "model.embedding.width=256"],
    ),
}
FORMS = {"graph": sys.maxsize, "xla": 0}
"""How the steps are compiled, by the least number of steps that XLA compiles."""
CALL, ROUNDS = 20, 12


def measured(file: Path, variant: str, overrides: list[str]) -> dict[str, Any]:
    """Return milliseconds per step, seconds of the first call, and how many steps win back what XLA takes longer to compile."""
    config = load(file, overrides).first_runs[variant]
    dataset = build(config.data)
    batches = batches_of(dataset)
    models, first, least = {}, {}, dict.fromkeys(FORMS, float("inf"))
    for form, steps in FORMS.items():
        program.STEPS, program.PARAMETERS = steps, sys.maxsize
        models[form] = fit.compiled(config.model, dataset, config.training, 1)
        first[form] = taken(models[form].program, batches)
    for _ in range(ROUNDS):
        for form, model in models.items():
            least[form] = min(least[form], taken(model.program, batches) / CALL)
    longer, saved = first["xla"] - first["graph"], least["graph"] - least["xla"]
    weights = models["graph"].count_params()
    paid = {"steps that win it back": round(longer / saved)} if saved > 0 else {}
    return {"weights": weights, "ms": {form: 1000 * s for form, s in least.items()}, "first call, s": first, **paid}


def batches_of(dataset: Dataset) -> Batches:
    """Return the batches of a call."""
    feed = Feed(dataset.train)
    return program.stacked([feed[number] for number in range(CALL)], CALL)


def taken(steps: Any, batches: Batches) -> float:
    """Return the processor time in seconds of a call."""
    start = time.process_time()
    steps.run(batches, CALL, True)
    return time.process_time() - start


if __name__ == "__main__":
    print(json.dumps({"machine": machine(), "models": {name: measured(*row) for name, row in MODELS.items()}}, indent=1))
