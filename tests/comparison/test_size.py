"""A thousand runs of a hundred epochs: compared in less than 1 GB, in a time that no test can promise but its growth can."""

import os
import subprocess
import sys

import pytest

from rnnlab.comparison import compare, json_file
from rnnlab.storage import store

MEASURE = """
import re, sys
from rnnlab.comparison import compare, json_file
from rnnlab.report import terminal
comparison = compare.compare(sys.argv[1])
json_file.write(comparison, [sys.argv[1]])
terminal.show(comparison)
print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1], file=sys.stderr)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the peak is read from /proc")
def test_a_thousand_runs_fit_into_memory(make, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    patches = {f"v{number}": {"training.epochs": number + 1} for number in range(50)}
    effects = {name: -place / 10 for place, name in enumerate(patches)}
    folder = make.experiment(effects, patches=patches, seeds=20, epochs=100)
    done = subprocess.run([sys.executable, "-c", MEASURE, str(folder)], capture_output=True, text=True, check=True)
    assert sum(line.startswith("v") and "20/20" in line for line in done.stdout.splitlines()) == 50
    assert int(done.stderr) < 1_000_000


def test_a_comparison_reads_no_run_more_often_where_there_are_more_variants(make, monkeypatch):
    looked, read_run = [], store.read_run
    monkeypatch.setattr(store, "read_run", lambda run: looked.append(run) or read_run(run))
    often = []
    for variants in (2, 8):
        folder = make.experiment({f"v{number}": 0.0 for number in range(variants)}, name=f"of-{variants}", seeds=2)
        looked.clear()
        json_file.write(compare.compare(folder), [folder])
        often.append(len(looked) / variants)
    assert often[0] == often[1]
