"""What does it save that memory which a step has freed stays with its process?

python experiments/speed/freed_memory/measure.py [ROUNDS] > experiments/speed/freed_memory/freed_memory.json

A GRU over 200 steps is trained by `rnnlab run` in a worker that keeps the memory and in one that gives it back, alternating.
Prints JSON: by scheme of recurrent dropout the best throughput both ways, and of those runs the pages that the system cleared
and the peak memory.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from rnnlab.storage import store
from rnnlab.sweep.provenance import machine
from rnnlab.training.freed_memory import VARIABLES

SCHEMES: dict[str, Any] = {
    "none": {},
    "variational, tied": {"recurrent_dropout": 0.3},
    "naive": {"recurrent_dropout": {"scheme": "naive", "rate": 0.3}},
    "zoneout": {"recurrent_dropout": {"scheme": "zoneout", "hidden": 0.3}},
}
CONFIG: dict[str, Any] = {
    "name": "long",
    "data": {"name": "adding", "length": 200, "batch_size": 32, "examples": {"train": 2400, "validation": 32, "test": 32}},
    "model": {"recurrent": [{"cell": "gru", "units": 64}]},
    "training": {"epochs": 3, "monitor": "loss"},
    "executor": {"workers": 1},
    "backend": "jax",
}
WAYS = {"kept": {}, "given back": {"GLIBC_TUNABLES": ""}}


def measure(scheme: str, way: str) -> dict[str, float]:
    """Train one run by a command of its own, and return its throughput in examples per second."""
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    with TemporaryDirectory() as place:
        file, runs = Path(place) / "long.yaml", Path(place) / "runs"
        file.write_text(yaml.safe_dump({**CONFIG, "compare": {"variants": {"one": SCHEMES[scheme]}, "seeds": 1}}))
        command = [sys.executable, "-m", "rnnlab", "run", str(file), "--runs", str(runs)]
        quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        child = subprocess.Popen(command, env={**environment, **WAYS[way]}, **quiet)
        _, status, used = os.wait4(child.pid, 0)  # of the command and of its worker, which it has waited for
        assert status == 0
        (run,) = store.read(runs / "long").runs
        assert run.result
        throughput = run.result.metrics["throughput"] or 0.0
    return {"examples/s": round(throughput), "pages": used.ru_minflt, "peak, MiB": used.ru_maxrss // 1024}


def main(rounds: int) -> dict[str, Any]:
    """Train every scheme both ways, as often as that."""
    turns = [{scheme: {way: measure(scheme, way) for way in WAYS} for scheme in SCHEMES} for _ in range(rounds)]
    best = {
        scheme: {way: max((turn[scheme][way] for turn in turns), key=lambda row: row["examples/s"]) for way in WAYS}
        for scheme in SCHEMES
    }
    return {"machine": machine(), "schemes": best}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]) if sys.argv[1:] else 3), indent=1))
