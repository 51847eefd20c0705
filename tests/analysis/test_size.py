"""A thousand runs of a hundred epochs: compared in less than 1 GB (and 3 s of processor time, which no test can promise)."""

import os
import subprocess
import sys

import pytest

MEASURE = """
import resource, sys
from rnnlab.analysis import comparison, forms, record
found = comparison.compare(sys.argv[1])
record.write(found, [sys.argv[1]])
forms.show(found)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the unit of ru_maxrss is that of Linux")
def test_a_thousand_runs_fit_into_memory(make, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    patches = {f"v{number}": {"training.epochs": number + 1} for number in range(50)}
    effects = {name: -place / 10 for place, name in enumerate(patches)}
    folder = make.experiment(effects, patches=patches, seeds=20, epochs=100)
    done = subprocess.run([sys.executable, "-c", MEASURE, str(folder)], capture_output=True, text=True, check=True)
    assert sum(line.startswith("v") and "20/20" in line for line in done.stdout.splitlines()) == 50
    assert int(done.stderr) < 1_000_000
