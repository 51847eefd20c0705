"""Does the quickstart's answer hold on other seeds? The same comparison on ten disjoint sets of seeds.

python experiments/quickstart/ten_sets.py RUNS [SET]...

Makes the missing runs of each SET, numbered from 1, then writes ten_sets.json and the README's table from these sets
and the others in ten_sets.json.
"""

import json
import sys
from pathlib import Path
from typing import Any

import rnnlab
from rnnlab import Experiment

FOLDER = Path(__file__).parent
CONFIG = FOLDER.parents[1] / "configs" / "quickstart.yaml"
FILE, START = FOLDER / "ten_sets.json", "<!-- written by ten_sets.py from here on -->\n"
Row = dict[str, Any]


def experiment(number: int) -> Experiment:
    """Return the quickstart on its n-th set of seeds; the first is its own."""
    return rnnlab.load(CONFIG, {"compare.first_seed": first_seed(number)})


def first_seed(number: int) -> int:
    """Return the first seed of the n-th set."""
    return 1 + (number - 1) * rnnlab.load(CONFIG).config.compare.seeds


def row(number: int, folder: Path) -> Row:
    """Return the results of every variant on a set: runs, mean, difference from the baseline with its interval, p, verdict."""
    frame = rnnlab.open(folder).compare().to_frame()
    return {"set": number, "first_seed": first_seed(number)} | {
        "variants": json.loads(frame.to_json(orient="index", double_precision=5))
    }


def table(rows: list[Row]) -> str:
    """Return a table with one row per set: the baseline's perplexity, and the difference and verdict of every other variant."""
    names = [name for name, one in rows[0]["variants"].items() if one["verdict"] != "baseline"]
    lines = ["| seeds from | none | " + " | ".join(names) + " |", "|---:|---:|" + "---|" * len(names)]
    for one in rows:
        known = one["variants"]
        cells = [f"{known[name]['difference']:+.2f}, {known[name]['verdict']}" for name in names]
        lines.append(f"| {one['first_seed']} | {known['none']['mean']:.2f} | " + " | ".join(cells) + " |")
    counts = [f"{sum(one['variants'][name]['verdict'] == 'better' for one in rows)} of {len(rows)}" for name in names]
    return "\n" + "\n".join([*lines, "| better |  | " + " | ".join(counts) + " |"]) + "\n"


def main(runs: Path, numbers: list[int]) -> None:
    """Run the sets, then write their results and those of earlier sets."""
    known = {one["set"]: one for one in json.loads(FILE.read_text(encoding="utf-8"))} if FILE.exists() else {}
    for number in numbers:
        study = rnnlab.run(experiment(number), runs=runs / f"set-{number:02}")
        known[number] = row(number, study.folder)
    rows = [known[number] for number in sorted(known)]
    FILE.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    readme = FOLDER / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8").partition(START)[0] + START + table(rows), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(number) for number in sys.argv[2:]])
