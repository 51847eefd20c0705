"""A corpus of 100 million tokens is read from the disk, not copied."""

import subprocess
import sys
from pathlib import Path

TOKENS = 100_000_000

READ = """
import resource, sys
import numpy as np
from rnnlab.data.dataset import Dataset
from rnnlab.data.splits.variable_length import Ragged
from rnnlab.data.splits.streams import TokenStream
from rnnlab.data.task import Task
begin = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
tokens = np.load(sys.argv[1], mmap_mode="r")
offsets = np.arange(0, len(tokens) + 1, 1000)
text = TokenStream(tokens, rows=20, steps=35, start=0)
pieces = Ragged(tokens, offsets, np.zeros(len(offsets) - 1, np.int32), rows=64, shuffled=True)
few = TokenStream(tokens[:100], rows=20, steps=35, start=0)
for split in (text, pieces):
    order = split.order(1, 0)
    for items in order[:: len(order) // 100]:
        split.batch(items)
Dataset("text", Task("language_model", (20, 35), 2, "words", 2, carried=True), text, few, few).sha256
print(1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - begin))
"""


def test_memory_stays_below_one_and_a_half_times_the_array(tmp_path: Path) -> None:
    """Pages of the file that were read count too, so the fingerprint alone takes the array's size."""
    file = tmp_path / "tokens.npy"
    write = f"import numpy as np; np.lib.format.open_memmap({str(file)!r}, 'w+', np.int32, ({TOKENS},)).flush()"
    subprocess.run([sys.executable, "-c", write], check=True)
    done = subprocess.run([sys.executable, "-c", READ, file], check=True, capture_output=True, text=True)
    assert int(done.stdout) < 1.5 * 4 * TOKENS
