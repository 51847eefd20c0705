"""Write a CSV file of a million rows into an empty folder, prepare it, and print wall time, processor time and peak memory.

python experiments/input/rows.py [ROWS]
"""

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from rnnlab.config import data_section
from rnnlab.data.sources.build_source import prepared_for

CONFIG = """name: rows
data: {name: table, train: rows.csv, text: text, label: label}
model: {embedding: {width: 4}, recurrent: [{cell: lstm, units: 4}]}
training: {epochs: 1}
"""


def main(rows: int) -> None:
    """Prepare a file with that many rows."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["RNNLAB_DATA"] = folder
        with Path("rows.csv").open("w") as file:
            file.write("text,label\n")
            file.writelines(f"film number {row} was {row % 977} times as good as it looks,c{row % 7}\n" for row in range(rows))
        Path("c.yaml").write_text(CONFIG)
        begin, before = time.perf_counter(), time.process_time()
        prepared_for(data_section("c.yaml"))
        seconds, own = time.perf_counter() - begin, time.process_time() - before
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"{rows:,} rows: {seconds:.1f} s, {own:.1f} s of the processor, peak {peak:.2f} GiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
