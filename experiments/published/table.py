"""Write the records of published configs, and the table that compares them with the published results.

python experiments/published/table.py [RUNS]    RUNS is a folder of runs, which are added to the records

A run takes the place of one of the same variant and seed. A picture shows the runs of the folder.
"""

import json
import sys
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import yaml

HERE = Path(__file__).parent
START = "<!-- written by table.py -->\n"
MADE = ("python", "backend", "numbers", "machine", "versions")


def record(folder: Path, before: dict[str, Any]) -> dict[str, Any]:
    """Return the record of an experiment: versions and machine, and the metrics, epochs and seconds of each finished run.

    It holds the runs of the record `before` too, {} if there is none; a run made by others than the first tells by what.
    """
    files = sorted(folder.glob("*/seed-*/result.json"))
    results = {file: result for file in files if (result := json.loads(file.read_text()))["status"] == "done"}
    first = next(iter(results))
    made = {key: before[key] for key in MADE} if before else _made(first)
    rows = {(run["variant"], run["seed"]): run for run in before.get("runs", [])}
    for file, result in results.items():
        own = _made(file)
        rows[result["variant"], result["seed"]] = _row(result) | ({"made": own} if own != made else {})
    return {
        **made,
        "monitor": results[first]["monitor"].removeprefix("val_"),
        "parameters": before.get("parameters", {}) | {result["variant"]: result["parameters"] for result in results.values()},
        "runs": [rows[key] for key in sorted(rows)],
    }


def _made(file: Path) -> dict[str, Any]:
    """By what a run was made: Python, backend, machine and libraries."""
    made = yaml.safe_load(file.with_name("run.yaml").read_text())
    libraries = {name: version for name, version in made["versions"].items() if name != "rnnlab"}
    return {key: libraries if key == "versions" else made[key] for key in MADE}


def _row(result: dict[str, Any]) -> dict[str, Any]:
    monitor = result["monitor"].removeprefix("val_")
    metrics = {split: result["metrics"][f"{split}_{monitor}"] for split in ("train", "val", "test", "last_val")}
    known = {key: result[key] for key in ("variant", "seed", "epochs", "best_epoch")}
    return known | metrics | {"seconds": round(result["metrics"]["seconds"])}


def collect(runs: Path) -> None:
    """Write the record and the learning curves of each experiment in `runs`."""
    import matplotlib

    import rnnlab

    matplotlib.rcParams["svg.hashsalt"] = "published"  # else the names inside a picture are new each time
    for name in sorted({claim["experiment"] for claim in claims()}):
        if any((runs / name).glob("*/seed-*/result.json")):
            file = HERE / f"{name}.json"
            kept = record(runs / name, json.loads(file.read_text()) if file.exists() else {})
            file.write_text(json.dumps(kept, indent=1) + "\n")
            rnnlab.open(runs / name).plot.curves().figure.savefig(HERE / f"{name}.svg", metadata={"Date": None})


def claims() -> list[dict[str, Any]]:
    """Return the published results, as claims.json holds them."""
    return json.loads((HERE / "claims.json").read_text())


def written() -> str:
    """Return the table: one row per published result."""
    lines = [
        "| what | published | here | seeds | difference | why |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    return "\n".join([*lines, *map(_line, claims())]) + "\n"


def _line(claim: dict[str, Any]) -> str:
    values = _values(claim)
    digits = max(2, len(str(claim["published"]).partition(".")[2]))
    here = "not run" if not values else f"{mean(values):.{digits}f}"
    here += f" ± {stdev(values):.{digits}f}" if len(values) > 1 else ""
    difference = f"{100 * (mean(values) / claim['published'] - 1):+.1f} %" if values else ""
    row = (claim["what"], claim["published"], here, len(values) or "", difference, claim["why"])
    return "| " + " | ".join(map(str, row)) + " |"


def _values(claim: dict[str, Any]) -> list[float]:
    file = HERE / f"{claim['experiment']}.json"
    runs = json.loads(file.read_text())["runs"] if file.exists() else []
    return [run["test"] for run in runs if run["variant"] == claim["variant"]]


if __name__ == "__main__":
    if sys.argv[1:]:
        collect(Path(sys.argv[1]))
    head = (HERE / "README.md").read_text().partition(START)[0]
    (HERE / "README.md").write_text(head + START + written())
