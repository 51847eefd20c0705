"""Time how long published data sets take to prepare from files and to load again: python experiments/input/prepare.py FOLDER

FOLDER holds a folder of files for each data set; names of data sets after it select some. Every step runs in a separate
process, with an empty data folder that is deleted afterwards. Writes prepare.json beside this file and the rows of the second
table in the README.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

FOLDER = Path(__file__).parent
SETS = {
    "tfds/imdb_reviews": "imdb",
    "tfds/universal_dependencies/en_ewt": "ud_english_ewt",
    "tfds/mnist": "mnist",
    "tfds/tiny_shakespeare": "tiny_shakespeare",
    "ptb": "ptb",
    "cornell": "cornell_scale",
}
STEP = """
import json, sys, time
from pathlib import Path
from rnnlab.config import data_section
from rnnlab.data.build_dataset import build
from rnnlab.data.sources.build_source import keep_files
section, files = data_section(sys.argv[1]), sys.argv[2:]
wall, own = time.monotonic(), time.process_time()
if files:
    keep_files(section, Path(files[0]))
data = build(section)
first = next(data.train.batches(1, 0))
print(json.dumps([time.monotonic() - wall, time.process_time() - own, "tensorflow" in sys.modules]))
"""


def step(*arguments: str) -> tuple[float, float, bool]:
    """Return wall and processor time until the first batch, in seconds, and whether TensorFlow was imported."""
    command = [sys.executable, "-c", STEP, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    wall, own, heavy = json.loads(done.stdout.splitlines()[-1])
    return round(wall, 2), round(own, 2), heavy


def measured(name: str, files: Path) -> dict[str, str | float]:
    """Return the row of a data set."""
    with TemporaryDirectory() as home:
        os.environ["RNNLAB_DATA"] = home
        prepare, prepare_cpu, _ = step(name, str(files / SETS[name]))
        load, load_cpu, heavy = min(step(name) for _ in range(3))
    return {
        "data set": name,
        "prepare, seconds": prepare,
        "of the processor": prepare_cpu,
        "load, seconds": load,
        "processor": load_cpu,
        "TensorFlow loaded": "yes" if heavy else "no",
    }


def write(row: dict[str, str | float]) -> None:
    """Replace the row of its data set, in the JSON file and the README."""
    path, readme = FOLDER / "prepare.json", FOLDER / "README.md"
    before = json.loads(path.read_text()) if path.exists() else []
    found = {one["data set"]: one for one in [*before, row]}
    rows = [found[name] for name in SETS if name in found]
    path.write_text(json.dumps(rows, indent=1) + "\n")
    lines = [" | ".join(map(str, line)) for line in (rows[0], ["---"] * len(rows[0]), *(one.values() for one in rows))]
    table = "".join(f"| {line} |\n" for line in lines)
    text = readme.read_text()
    readme.write_text(re.sub(r"^\| data set \|.*\n(?:\|.*\n)*", lambda _: table, text, flags=re.MULTILINE))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("files", type=Path)
    parser.add_argument("names", nargs="*", default=SETS)
    arguments = parser.parse_args()
    for name in arguments.names:
        write(measured(name, arguments.files.absolute()))
