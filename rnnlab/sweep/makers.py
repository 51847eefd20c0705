"""What makes runs in this process: the code, the libraries and the settings that decide bits beside config and data."""

import os
import platform
import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from rnnlab import __version__, backend, source, user_cache
from rnnlab.config.identity import differences
from rnnlab.storage.run_origin import Provenance
from rnnlab.storage.run_result import RunResult

PACKAGES = ("rnnlab", "keras", "numpy")
BACKENDS = {"tensorflow": ("tensorflow",), "jax": ("jax", "jaxlib"), "torch": ("torch",)}
"""The libraries that compute, by backend."""
ROOTS = (
    *("training/train.py", "models/build_model.py", "data/build_dataset.py"),
    *("inspection/evaluation.py", "inspection/classes.py", "inspection/forecasts.py"),
)
"""The modules that train, build and evaluate; with all that they import they decide the bits of a run."""
ROUNDING = ("XLA_FLAGS", "NVIDIA_TF32_OVERRIDE")
"""Settings of the environment that change the bits on every backend."""
ROUNDING_ON = {"tensorflow": ("TF_ENABLE_ONEDNN_OPTS",), "jax": ("JAX_ENABLE_X64", "JAX_DEFAULT_MATMUL_PRECISION")}
"""And those that change them on one."""


def present(computed_on: str | None = None) -> Provenance:
    """Return what makes runs here on a backend, on the present one unless it is named; Keras is not imported for that."""
    on = computed_on or backend.current()
    return Provenance(python=platform.python_version(), versions=versions(on), code=code(), backend=on, numbers=numbers(on))


def versions(computed_on: str | None = None) -> dict[str, str]:
    """Return the versions of what computes on a backend, the present one unless it is named."""
    on = computed_on or backend.current()
    return {name: known for name in (*PACKAGES, *BACKENDS.get(on, (on,))) if (known := _version(name))}


def numbers(computed_on: str | None = None) -> dict[str, str]:
    """Return the settings of the process that decide how a backend rounds numbers: Keras's own and those of the environment."""
    keras: Any = sys.modules.get("keras")
    if hasattr(keras, "config"):
        own = {"float": keras.config.floatx(), "policy": keras.config.dtype_policy().name}
    else:
        own = dict.fromkeys(("float", "policy"), backend.of_file("floatx") or "float32")
    names = (*ROUNDING, *ROUNDING_ON.get(computed_on or backend.current(), ()))
    return {**own, **{name: os.environ[name] for name in names if name in os.environ}}


@cache
def code() -> str:
    """Return the fingerprint of the code that decides bits, which is worked out once for the texts of the package."""
    key = f"{source.texts()} {platform.python_version()}"
    return user_cache.remembered("code", key, lambda: source.fingerprint(source.reached(*ROOTS)))


def others(results: Iterable[RunResult | None], computed_on: str | None = None) -> list[str]:
    """Return in a line how many runs were made by others than what makes runs on a backend now, and by which."""
    known = [result.makers for result in results if result and result.makers]
    if not known:
        return []  # and the code need not be read
    now = present(computed_on).makers
    runs = [differing for before in known if (differing := differences(before, now))]
    if not runs:
        return []
    names = {f"{name} {old}, now {new}": None for differing in runs for name, (old, new) in differing.items()}
    verb, are = ("run was", "is") if len(runs) == 1 else ("runs were", "are")
    return [f"{len(runs)} finished {verb} made by other code or versions and {are} kept: {'; '.join(names)}"]


def _version(name: str) -> str | None:
    if name == "rnnlab":
        return __version__  # the version of this code, also where another one is installed
    try:
        return version(name)
    except PackageNotFoundError:
        return None
