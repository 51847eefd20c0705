"""Two sweeps over one folder share its runs: each is made once, and both end when all are there."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from rnnlab.runs.store import read

DOCUMENT: dict[str, Any] = {
    "name": "small",
    "data": {"name": "adding", "length": 4, "examples": {"train": 20, "validation": 10, "test": 10}, "batch_size": 10},
    "model": {"recurrent": [{"units": 2, "implementation": "keras"}]},
    "training": {"epochs": 2, "monitor": "loss"},
    "compare": {"variants": {"none": {}, "some": {"dropout": 0.2}}, "seeds": 4},
}


def test_two_sweeps_make_every_run_once(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(DOCUMENT))
    command = [sys.executable, "-m", "rnnlab", "run", str(tmp_path / "small.yaml"), "--runs", str(tmp_path / "runs")]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    told = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    ended = [re.findall(r"(\S+ seed \d)  epoch 2/2", printed) for printed, _ in told]
    assert Counter(run for runs in ended for run in runs) == {f"{v} seed {s}": 1 for v in ("none", "some") for s in range(1, 5)}
    assert all(ended), "one of them did everything"
    for run in read(tmp_path / "runs" / "small").runs:
        assert run.result is not None
        assert (run.result["status"], [epoch["epoch"] for epoch in run.epochs]) == ("done", [1, 2])
        assert run.damaged == []
