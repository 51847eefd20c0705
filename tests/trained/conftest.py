"""Runs that several files of tests read, trained once a session, and a folder of its own."""

from pathlib import Path

import pytest
from trained.text_runs import made  # noqa: F401  a fixture


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, and the working directory above it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RNNLAB_DATA", str(tmp_path / "data"))
    return tmp_path
