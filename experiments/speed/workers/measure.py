"""How much sooner two workers finish the quickstart than one, and what a run costs that trains nothing.

python experiments/speed/workers/measure.py [--rounds 3] [OVERRIDE]... > experiments/speed/workers/quickstart.json
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
from rnnlab.runs.progress import Line, Lines
from rnnlab.runs.provenance import machine
from rnnlab.runs.sweep import run

CONFIG = Path(__file__).parents[3] / "configs" / "quickstart.yaml"


class Ends(Lines):
    """Remembers when runs end."""

    times: list[float]

    def begin(self, spec: Any, unit: str) -> Line:
        """Watch the end of the run."""
        line, end = super().begin(spec, unit), Line.end

        def ended(result: Mapping[str, Any]) -> None:
            self.times.append(time.monotonic())
            end(line, result)

        line.end = ended  # type: ignore[method-assign]
        return line


def seconds(workers: int, *overrides: str) -> tuple[float, list[float]]:
    """Return how long the whole experiment takes, starts included, and the times from end to end of its runs."""
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


def main() -> None:
    """Measure in turns, one worker and two, and print the least of each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("overrides", nargs="*")
    asked = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    found: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(asked.rounds):
        for workers, times in found.items():
            times.append(seconds(workers, *asked.overrides)[0])
    one, two = (min(times) for times in found.values())
    # Little text, for what a run of 0 epochs does besides starting is to judge its weights on all of it.
    _, empty = seconds(1, "training.epochs=0", "compare.seeds=4", "data.limit=2000")
    print(
        json.dumps(
            {
                "machine": machine(),
                "seconds": found,
                "times sooner": one / two,
                "empty runs, seconds": empty,
                "an empty run, median": median(empty),
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
