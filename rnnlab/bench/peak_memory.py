"""Peak memory of one training step; run as a process of its own: python -m rnnlab.bench.peak_memory JSON."""

import ctypes
import json
import re
import sys
from pathlib import Path

from rnnlab.bench.rivals import TimedLayer, candidates
from rnnlab.documents import Record


def measure(shape: Record, name: str, jit: bool, schemes: bool) -> float:
    """MiB of resident memory at the peak of a training step above what the process holds between steps (Linux, glibc)."""
    step = candidates(TimedLayer(**shape), jit, schemes, only=name)[name]
    step()
    ctypes.CDLL("libc.so.6").malloc_trim(0)  # give back what the first step freed, or the next one's use would not show
    Path("/proc/self/clear_refs").write_text("5")  # the kernel's word for: begin a new peak
    before = _resident("VmRSS")
    step()
    return _resident("VmHWM") - before


def _resident(field: str) -> float:
    kilobytes = re.search(rf"{field}:\s+(\d+)", Path("/proc/self/status").read_text())
    assert kilobytes, f"no {field} in /proc/self/status"
    return int(kilobytes[1]) / 1024


if __name__ == "__main__":
    print(measure(**json.loads(sys.argv[1])))
