"""How much sooner do two workers finish a grid than one, and what does a run without training cost?

python experiments/speed/workers/measure.py [--rounds 3] [OVERRIDE]... > experiments/speed/workers/grid.json
python experiments/speed/workers/measure.py --empty > experiments/speed/workers/empty.json
KERAS_BACKEND=jax python experiments/speed/workers/measure.py --empty > experiments/speed/workers/empty-jax.json
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping
from contextlib import redirect_stdout
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from rnnlab.config import load
from rnnlab.progress.lines import Lines, RunLine
from rnnlab.sweep.provenance import machine
from rnnlab.sweep.sweep import run

CONFIG = Path(__file__).parents[1] / "whole" / "grid.yaml"


class Ends(Lines):
    """Progress lines that record when runs end."""

    times: list[float]

    def begin(self, spec: Any, unit: str) -> RunLine:
        """Record the end of the run."""
        line, end = super().begin(spec, unit), RunLine.end

        def ended(result: Mapping[str, Any]) -> None:
            self.times.append(time.monotonic())
            end(line, result)

        line.end = ended  # type: ignore[method-assign]
        return line


def seconds(workers: int, *overrides: str) -> tuple[float, list[float]]:
    """Return the seconds of the whole experiment, including start-up, and the seconds from each end of a run to the next."""
    shown: list[Ends] = []

    def show(runs: int, epochs: int) -> Ends:
        shown.append(Ends(runs, epochs))
        shown[0].times = []
        return shown[0]

    with TemporaryDirectory() as folder, redirect_stdout(sys.stderr):
        begin = time.monotonic()
        made = run(load(CONFIG, [*overrides, f"executor.workers={workers}"]), folder, show=show)
        whole = time.monotonic() - begin
    assert made.exit_status == 0
    times = shown[0].times
    return whole, [after - before for before, after in pairwise(times)]


def sooner(rounds: int, overrides: list[str]) -> dict[str, Any]:
    """Time the whole experiment with one worker and with two, alternating; the ratio is that of the least times."""
    found: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for workers, times in found.items():
            times.append(seconds(workers, *overrides)[0])
    one, two = (min(times) for times in found.values())
    return {"seconds": found, "times sooner": one / two}


def empty() -> dict[str, Any]:
    """Time runs of 0 epochs on one warm worker, on little text, since such a run only evaluates the weights on it."""
    _, found = seconds(1, "training.epochs=0", "compare.seeds=4", "data.limit_tokens=2000")
    return {"empty runs, seconds": found, "an empty run, median": median(found)}


def main() -> None:
    """Measure, and print the results as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--empty", action="store_true")
    parser.add_argument("overrides", nargs="*")
    asked = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    found = empty() if asked.empty else sooner(asked.rounds, asked.overrides)
    print(json.dumps({"machine": machine(), **found}, indent=1))


if __name__ == "__main__":
    main()
