"""Whether the quickstart's answer holds on other seeds: the same comparison on ten sets of seeds of which no two share one.

python experiments/quickstart/ten_sets.py RUNS [SET]...

makes what is missing of the sets named, by their numbers from 1, then writes ten_sets.json and README's table from them
and from the other sets of ten_sets.json.
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
    """The quickstart on its n-th set of seeds; the first is its own."""
    return rnnlab.load(CONFIG, {"compare.first_seed": first_seed(number)})


def first_seed(number: int) -> int:
    """Where the n-th set begins."""
    return 1 + (number - 1) * rnnlab.load(CONFIG).config.compare.seeds


def row(number: int, folder: Path) -> Row:
    """What a set says of every variant: runs, mean, difference from the baseline with its interval, p, verdict."""
    frame = rnnlab.open(folder).compare().to_frame()
    return {"set": number, "first_seed": first_seed(number)} | {
        "variants": json.loads(frame.to_json(orient="index", double_precision=5))
    }


def table(rows: list[Row]) -> str:
    """A line a set: the baseline's perplexity, and every other variant's difference and verdict."""
    names = [name for name, one in rows[0]["variants"].items() if one["verdict"] != "baseline"]
    lines = ["| seeds from | none | " + " | ".join(names) + " |", "|---:|---:|" + "---|" * len(names)]
    for one in rows:
        known = one["variants"]
        cells = [f"{known[name]['difference']:+.2f}, {known[name]['verdict']}" for name in names]
        lines.append(f"| {one['first_seed']} | {known['none']['mean']:.2f} | " + " | ".join(cells) + " |")
    counts = [f"{sum(one['variants'][name]['verdict'] == 'better' for one in rows)} of {len(rows)}" for name in names]
    return "\n" + "\n".join([*lines, "| better |  | " + " | ".join(counts) + " |"]) + "\n"


def main(runs: Path, numbers: list[int]) -> None:
    """Make the sets, then write what they and those made before say."""
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
