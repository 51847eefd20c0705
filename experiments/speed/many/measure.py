"""What do scheduling, records and comparison add to a thousand small runs, and how much memory does the parent take?

python experiments/speed/many/measure.py [RUNS] > experiments/speed/many/many.json
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from rnnlab.storage import store
from rnnlab.sweep.provenance import machine

RNNLAB = (sys.executable, "-m", "rnnlab")
WORKERS = 2
VARIANTS = {f"rate_{rate:02d}": {"recurrent_dropout": rate / 100} for rate in range(0, 40, 4)}
CONFIG = {
    "name": "many",
    "data": {"name": "adding", "length": 40, "batch_size": 50, "examples": {"train": 3000, "validation": 500, "test": 500}},
    "model": {"recurrent": [{"cell": "lstm", "units": 16}]},
    "training": {"optimizer": {"name": "adam", "learning_rate": 1.0e-2}, "epochs": 10, "monitor": "loss"},
    "compare": {"baseline": "rate_00", "variants": VARIANTS},
    "executor": {"workers": WORKERS},
    "backend": "jax",
}
TICK, MIB = os.sysconf("SC_CLK_TCK"), 2**20


def processor(process: int) -> float:
    """Return the processor time in seconds of a process, without its children."""
    words = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / TICK


def memory(process: int) -> int:
    """Return the resident memory of a process in MiB."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // MIB


def watched(parent: subprocess.Popen, folder: Path) -> list[dict[str, float]]:
    """Return, every two seconds while the sweep runs, how many runs have ended and what the parent has taken."""
    rows: list[dict[str, float]] = []
    while parent.poll() is None:
        ended = sum(1 for _ in folder.glob("many/*/*/result.json"))
        try:
            rows.append({"ended": ended, "processor, s": processor(parent.pid), "memory, MiB": memory(parent.pid)})
        except (OSError, IndexError):
            break
        time.sleep(2)
    return rows


def seconds(*words: str, cwd: str) -> float:
    """Return the seconds that a command takes, including its start."""
    begin = time.monotonic()
    subprocess.run([*RNNLAB, *words], cwd=cwd, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - begin


def main(runs: int) -> dict[str, Any]:
    """Train so many runs with two workers, and return what was taken."""
    with TemporaryDirectory() as place:
        file, folder = Path(place) / "many.yaml", Path(place) / "runs"
        file.write_text(yaml.safe_dump({**CONFIG, "compare": {**CONFIG["compare"], "seeds": runs // len(VARIANTS)}}))
        begin = time.monotonic()
        parent = subprocess.Popen([*RNNLAB, "run", str(file)], cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        rows = watched(parent, folder)
        whole = time.monotonic() - begin
        assert parent.wait() == 0
        results = [run.result for run in store.read(folder / "many").runs]
        training = sum(result.metrics["seconds"] for result in results)
        at = {str(number): next(row for row in rows if row["ended"] >= number) for number in (runs // 10, runs // 2, runs)}
        verbs = {f"{verb}, s": seconds(verb, *what, cwd=place) for verb, what in {"plan": [str(file)], "list": []}.items()}
    beside = 1 - training / (WORKERS * whole)
    return {
        "runs": len(results),
        "whole, s": whole,
        "training, s": training,
        "share beside training": beside,
        "parent": at,
        **verbs,
    }


if __name__ == "__main__":
    print(json.dumps({"machine": machine(), **main(int(sys.argv[1]) if sys.argv[1:] else 1000)}, indent=1))
