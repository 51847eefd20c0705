"""One data folder for every test of sources."""

from collections.abc import Callable

import pytest
from pydantic import TypeAdapter

from rnnlab.data.data_config import DataConfig
from rnnlab.data.sources import tfds_download


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


@pytest.fixture
def trusting(home, monkeypatch) -> Callable[[str], None]:
    """Makes the builder of a data set take small files for the published ones: their checksums are those it expects."""

    def trust(name: str) -> None:
        real, made = tfds_download._handed, tfds_download._made(name)
        known = {tfds_download._file(made, url): info for url, info in made.url_infos.items()}
        monkeypatch.setattr(
            tfds_download, "_handed", lambda kind, given, to, info: real(kind, given, to, info or known[given.name])
        )

    return trust


@pytest.fixture(scope="session")
def section():
    """From a mapping, as YAML gives it, to a data section."""
    return TypeAdapter(DataConfig).validate_python
