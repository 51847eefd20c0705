"""A working directory for experiments whose runs are not trained."""

from pathlib import Path

import pytest
import yaml
from sweep.untrained import DOCUMENT, ROWS, written

from rnnlab.sweep import execute


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a config and a file of data, where runs are written and not trained."""
    monkeypatch.setattr(execute, "execute", written)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RNNLAB_DATA", str(tmp_path / "data"))
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(DOCUMENT))
    (tmp_path / "a.csv").write_text(f"text,label\n{ROWS}")
    return tmp_path
