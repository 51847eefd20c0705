"""The backend that a finished run was made on becomes that of this process, before Keras is loaded."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from rnnlab import backend
from rnnlab.errors import UserError
from rnnlab.storage import store
from rnnlab.storage.run_origin import known_origin
from rnnlab.training.threads import prepare


def made_on(folder: Path) -> str | None:
    """Return the backend of a run, or of the first run of an experiment; None where nothing says it."""
    runs = store.run_folders(folder) if (folder / store.EXPERIMENT).is_file() else [folder]
    origin = known_origin(runs[0]) if runs else None
    return origin.backend if origin else None


def prefer(name: str | None) -> None:
    """Compute on a backend where that is still open: it is installed, KERAS_BACKEND is not set, and Keras is not loaded.

    Weights load on any backend, so nothing is wrong where it is another one.
    """
    if name and "keras" not in sys.modules and backend.VARIABLE not in os.environ and find_spec(name):
        backend.use(name)


def require(folder: Path) -> None:
    """Compute on the backend of a run, whatever KERAS_BACKEND says, and with its number of threads where Keras is not loaded.

    Raises UserError where Keras is loaded on another backend, which rounds otherwise, so that no bits could agree.
    """
    name = made_on(folder)
    if name not in (None, backend.current()):
        if not find_spec(str(name)):
            raise UserError(f"{folder} was made on the backend {name}, which is not installed: its bits can't be compared here")
        if "keras" in sys.modules:
            raise UserError(
                f"{folder} was made on the backend {name}, and this process has loaded Keras on {backend.current()}: "
                f"verify it in a new process, or set {backend.VARIABLE}={name} before Keras is imported"
            )
        backend.use(str(name))
    if origin := known_origin(folder):
        prepare(origin.config.get("training", {}).get("threads", 1))
