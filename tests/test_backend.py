"""Which backend a process computes on: as Keras was loaded, or else as a config or the environment asks for it."""

import os
import sys

import keras
import pytest

from rnnlab import backend
from rnnlab.errors import UserError
from rnnlab.sweep import makers

OTHER = "jax" if keras.backend.backend() == "tensorflow" else "tensorflow"


@pytest.fixture
def unloaded(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """As before Keras is imported, with no environment that names a backend."""
    monkeypatch.delitem(sys.modules, "keras")
    monkeypatch.setenv(backend.VARIABLE, "tensorflow")
    return monkeypatch


def test_processes_from_here_on_use_the_backend_that_is_asked_for(unloaded: pytest.MonkeyPatch) -> None:
    backend.use("jax")
    assert (os.environ[backend.VARIABLE], backend.current()) == ("jax", "jax")
    backend.use(None)
    assert backend.current() == "jax"


def test_a_loaded_backend_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(backend.VARIABLE, raising=False)
    backend.use(None)
    backend.use(keras.backend.backend())
    with pytest.raises(UserError, match=rf"backend: {OTHER} is requested, .* loaded Keras on {keras.backend.backend()}"):
        backend.use(OTHER)
    assert backend.VARIABLE not in os.environ


def test_keras_own_file_names_the_backend_where_the_environment_does_not(
    unloaded: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("keras")
    unloaded.delenv(backend.VARIABLE)
    unloaded.setenv("KERAS_HOME", str(home))
    assert backend.current() == "tensorflow"
    (home / "keras.json").write_text('{"backend": "jax"}')
    assert backend.current() == "jax"
    (home / "keras.json").write_text("[")
    assert backend.current() == "tensorflow"


@pytest.mark.parametrize(("on", "own"), [("tensorflow", "TF_ENABLE_ONEDNN_OPTS"), ("jax", "JAX_ENABLE_X64")])
def test_settings_of_the_other_backend_do_not_count(on: str, own: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"TF_ENABLE_ONEDNN_OPTS": "0", "JAX_ENABLE_X64": "1"})
    monkeypatch.setattr(backend, "current", lambda: on)
    assert {*makers.numbers()} == {"float", "policy", own}
