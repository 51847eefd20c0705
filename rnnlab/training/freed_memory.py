"""Memory that a step has freed stays with its process, for the next step.

glibc gives large blocks, and what is free at the end of a heap, back to the system, which clears every page of them anew when
the next step takes them. Where the buffers of a step have tens of MiB, that can take longer than the step itself.
"""

import ctypes
import os
import platform

from rnnlab import backend

KEPT = 2**28
"""Free bytes that the end of the heap may have."""
VARIABLES = (
    *("MALLOC_MMAP_MAX_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"),
    *("MALLOC_TOP_PAD_", "MALLOC_ARENA_MAX", "GLIBC_TUNABLES"),
)
"""The settings of a user, which take precedence."""
OPTIONS = {"MALLOC_TRIM_THRESHOLD_": -1, "MALLOC_MMAP_MAX_": -4, "MALLOC_ARENA_MAX": -8}
"""The numbers by which `mallopt` knows them."""


def environment(threads: int, computed_on: str | None = None) -> dict[str, str]:
    """Return the environment variables with which a new process keeps what it frees, up to 256 MiB at the end of its heap.

    All blocks lie in heaps. On JAX there are as many as threads: a heap that is free as a whole is given back, unless it is
    the first. On TensorFlow several threads allocate at once, and sharing a heap costs more than that saves. Other C libraries
    than glibc do not know these variables, and no result depends on them. There are none where the environment says already
    how memory is given back. The backend is the present one unless it is named.

    >>> environment(1)["MALLOC_TRIM_THRESHOLD_"]
    '268435456'
    """
    if any(name in os.environ for name in VARIABLES):
        return {}
    heaps = {"MALLOC_ARENA_MAX": str(threads)} if (computed_on or backend.current()) == "jax" else {}
    return {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(KEPT), **heaps}


def keep(threads: int) -> None:
    """Have this process keep what it frees, as `environment` has a new one; nothing happens without glibc."""
    if platform.libc_ver()[0] == "glibc":
        glibc = ctypes.CDLL(None)
        for name, value in environment(threads).items():
            glibc.mallopt(OPTIONS[name], int(value))
