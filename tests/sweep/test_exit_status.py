"""How a sweep ends where a run diverges or nothing can be written."""

import subprocess
import sys
from pathlib import Path

import pytest
from sweep.test_sweep import experiment, result, swept


def test_a_run_that_diverges_is_told_by_the_exit_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rate = {"optimizer": {"name": "sgd", "learning_rate": 1e30}}
    sweep, record = swept(tmp_path, training=rate, compare={"variants": {"none": {}}, "seeds": 1})
    assert (sweep.exit_status, dict(sweep.statuses)) == (1, {"diverged": 1})
    assert "diverged: the loss became" in capsys.readouterr().out
    assert result(record.runs[0]).error.startswith("the loss became")


def test_a_folder_that_cannot_be_written_is_told_before_anything_heavy(tmp_path: Path) -> None:
    experiment(tmp_path)
    (tmp_path / "file").touch()
    code = """
import sys
from rnnlab.config import load
from rnnlab.errors import UserError
from rnnlab.sweep.sweep import run
try:
    run(load(sys.argv[1]), sys.argv[2])
except UserError as error:
    print(error)
print(not {"keras", "tensorflow"} & set(sys.modules))
"""
    command = [sys.executable, "-c", code, str(tmp_path / "small.yaml"), str(tmp_path / "file")]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert printed == [f"{tmp_path}/file/small cannot be made: Not a directory", "True"]
