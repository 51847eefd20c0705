"""The backend of Keras that this process computes on, or would once Keras is loaded."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from rnnlab.errors import UserError

VARIABLE = "KERAS_BACKEND"


class _Operations:
    """`keras.ops`, loaded when the first operation is taken."""

    def __getattr__(self, name: str) -> Any:
        from keras import ops

        return getattr(ops, name)


ops: Any = _Operations()
"""`keras.ops` for modules that are imported by who only checks a config, and computes nothing."""


def current() -> str:
    """Return the backend that Keras is loaded on or set to; Keras is not imported for that.

    Keras takes the environment's KERAS_BACKEND, then `keras.json` in KERAS_HOME or ~/.keras, then TensorFlow.
    """
    keras: Any = sys.modules.get("keras")
    if hasattr(keras, "backend"):
        return str(keras.backend.backend())
    return os.environ.get(VARIABLE) or of_file("backend") or "tensorflow"


def of_file(key: str) -> str:
    """Return a setting of Keras's `keras.json`; empty where there is none."""
    home = os.environ.get("KERAS_HOME")
    path = (Path(home) if home else Path("~/.keras").expanduser()) / "keras.json"
    try:
        return str(json.loads(path.read_text(encoding="utf-8")).get(key) or "")
    except (OSError, ValueError, AttributeError):
        return ""


def use(name: str | None) -> None:
    """Have Keras compute on a backend, here and in processes that are started from here; None leaves it as it is.

    Raises UserError where Keras is loaded on another backend already.
    """
    if name in (None, current()):
        return
    if "keras" in sys.modules:
        raise UserError(
            f"backend: {name} is requested, but this process has loaded Keras on {current()}, which stays; "
            f"begin a new process, or set {VARIABLE}={name} before Keras is imported"
        )
    os.environ[VARIABLE] = str(name)
