"""Programs that JAX has compiled are kept for the next process, in the user's cache folder.

Those of TensorFlow are not: it has such a cache (`--tf_xla_persistent_cache_directory`), but a damaged file in it ends the run
(TensorFlow 2.21), where JAX compiles anew.
"""

import hashlib
import os
import platform
from pathlib import Path

from rnnlab import user_cache

VARIABLE = "RNNLAB_JAX_CACHE"
"""A folder that takes the place of the user's own, or `off`."""
MOST = 2**30
"""Bytes of a folder; what was not used for the longest time goes first."""
LEAST_SECONDS = 0.2
"""Programs that compile faster are not kept."""


def keep(threads: int) -> None:
    """Have JAX keep what it compiles in this process, unless it has been told where by JAX_COMPILATION_CACHE_DIR.

    A kept program is the one that compiling again would give, so no bit changes; one that cannot be read is compiled anew.
    """
    import jax

    folder = place(threads)
    if jax.config.jax_compilation_cache_dir or folder is None or not _usable(folder):
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_compilation_cache_max_size", MOST)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", LEAST_SECONDS)
    jax.config.update("jax_persistent_cache_enable_xla_caches", "none")  # a kept choice of GPU kernels could change bits


def place(threads: int) -> Path | None:
    """Return the folder for programs of this many threads on this machine's processor; None where there is to be no cache."""
    given = os.environ.get(VARIABLE, "")
    if given.lower() == "off":
        return None
    home = user_cache.folder()
    root = Path(given).expanduser() if given else home and home / "jax"
    return root and root / f"{_processor()[:12]}-{threads}"


def _processor() -> str:
    """The fingerprint of the processor, whose instructions a program uses: homes may be shared between machines."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        told = sorted({line for line in lines if line.startswith(("model name", "flags", "Features", "CPU part"))})
    except OSError:
        told = [platform.processor()]
    return hashlib.sha256("\n".join([platform.machine(), *told]).encode()).hexdigest()


def _usable(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return False
    return os.access(folder, os.W_OK)
