"""Is the average of samples better than the usual prediction?   python experiments/uncertainty/ways.py [RUNS]

With RUNS, the folder that the runs of imdb.yaml and cornell.yaml are in, it writes ways.json beside this file; it prints the
table of README.md from ways.json.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from rnnlab.comparison.load import gather
from rnnlab.statistics.intervals import mean_interval
from rnnlab.statistics.permutation import max_t
from rnnlab.statistics.rounding import bare_p, with_interval

FILE = Path(__file__).with_name("ways.json")
DATA = {"imdb": "IMDB", "cornell": "Cornell"}
FIGURES = {
    "accuracy": "accuracy",
    "negative_log_likelihood": "NLL",
    "brier_score": "Brier score",
    "expected_calibration_error": "ECE",
}


def measured(runs: Path) -> list[dict[str, Any]]:
    """By data, variant and metric what every seed came to, both ways."""
    rows = []
    for data in DATA:
        for variant, of in gather([runs / f"uncertainty-{data}"]).runs.items():
            found = [run.result.metrics for run in of.values() if run and run.result]
            for figure in FIGURES:
                usual, samples = ([one[f"test_{way}{figure}"] for one in found] for way in ("", "mc_"))
                rows.append({"data": data, "variant": variant, "figure": figure, "usual": usual, "montecarlo": samples})
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """Means of both ways and their paired difference, test and intervals simultaneous over all rows that have one."""
    shifts = [np.subtract(row["montecarlo"], row["usual"]) for row in rows]
    noisy = [place for place, shift in enumerate(shifts) if shift.any()]
    p = dict(zip(noisy, max_t(np.stack([shifts[place] for place in noisy], axis=1)), strict=True))
    lines = [
        "| data | variant | metric | usual | Monte Carlo | difference [95 %] | p |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for place, row in enumerate(rows):
        means = [f"{np.mean(row['usual']):.3f}", f"{np.mean(row['montecarlo']):.3f}" if place in p else ""]
        said = (
            [with_interval(mean_interval(shifts[place], family=len(noisy)), plus=True), bare_p(p[place] or 1)]
            if place in p
            else ["", ""]
        )
        lines.append("| " + " | ".join([DATA[row["data"]], row["variant"], FIGURES[row["figure"]], *means, *said]) + " |")
    return "\n".join(lines).replace("[", r"\[").replace("]", r"\]") + "\n"


if __name__ == "__main__":
    if sys.argv[1:]:
        FILE.write_text(json.dumps(measured(Path(sys.argv[1])), indent=1) + "\n")
    print(table(json.loads(FILE.read_text())), end="")
