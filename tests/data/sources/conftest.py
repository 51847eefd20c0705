"""One data folder for every test of sources."""

import pytest
from pydantic import TypeAdapter

from rnnlab.data.config import DataConfig


@pytest.fixture(scope="session")
def prepared_folder(tmp_path_factory):
    """The prepared data that tests on published data share."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def shared_home(prepared_folder, monkeypatch):
    monkeypatch.setenv("RNNLAB_DATA", str(prepared_folder))
    return prepared_folder


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty data folder, and the working directory above it."""
    monkeypatch.setenv("RNNLAB_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def section():
    """From a mapping, as YAML gives it, to a data section."""
    return TypeAdapter(DataConfig).validate_python
