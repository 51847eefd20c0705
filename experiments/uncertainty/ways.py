"""Is the average of samples better than the usual prediction?   python experiments/uncertainty/ways.py [RUNS]

With RUNS, the folder of the runs of imdb.yaml and cornell.yaml, it writes ways.json beside this file. It prints the
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
METRICS = {
    "accuracy": "accuracy",
    "negative_log_likelihood": "NLL",
    "brier_score": "Brier score",
    "expected_calibration_error": "ECE",
}


def measured(runs: Path) -> list[dict[str, Any]]:
    """Return each metric of every seed by data and variant, for both predictions."""
    rows = []
    for data in DATA:
        for variant, of in gather([runs / f"uncertainty-{data}"]).runs.items():
            found = [run.result.metrics for run in of.values() if run and run.result]
            for metric in METRICS:
                usual, samples = ([one[f"test_{way}{metric}"] for one in found] for way in ("", "mc_"))
                rows.append({"data": data, "variant": variant, "metric": metric, "usual": usual, "montecarlo": samples})
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """Return the means of both predictions and their paired differences; test and intervals are simultaneous over all rows that
    have one."""
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
        lines.append("| " + " | ".join([DATA[row["data"]], row["variant"], METRICS[row["metric"]], *means, *said]) + " |")
    return "\n".join(lines).replace("[", r"\[").replace("]", r"\]") + "\n"


if __name__ == "__main__":
    if sys.argv[1:]:
        FILE.write_text(json.dumps(measured(Path(sys.argv[1])), indent=1) + "\n")
    print(table(json.loads(FILE.read_text())), end="")
