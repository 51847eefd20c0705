"""The number of threads of a process's operations, on which the bits of large sums and products depend."""

import os
import sys

from rnnlab import compat
from rnnlab.errors import UserError
from rnnlab.training import compile_cache, freed_memory

TENSORFLOW = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
JAX = "NPROC"
"""The name by which XLA's processor client takes its number of threads from the environment, when it starts."""


def environment(threads: int) -> dict[str, str]:
    """Return the environment variables that limit a new process to this many threads, whatever backend it loads.

    >>> environment(2)["TF_NUM_INTRAOP_THREADS"]
    '2'
    """
    return dict.fromkeys((*TENSORFLOW, JAX, "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))


def prepare(threads: int) -> None:
    """Limit what this process loads from now on, and keep what it frees, unless it has loaded Keras.

    On JAX, LAPACK draws orthogonal weights, and takes its number of threads from the environment as it is loaded.
    """
    if "keras" not in sys.modules:
        os.environ.update(environment(threads))
        freed_memory.keep(threads)


def use(threads: int) -> None:
    """Limit this process to this many threads; raise UserError where the backend has started with another number."""
    import keras

    if keras.backend.backend() == "tensorflow":
        _tensorflow(threads)
    elif keras.backend.backend() == "jax":
        _jax(threads)
        compile_cache.keep(threads)


def _tensorflow(threads: int) -> None:
    import tensorflow as tf

    setting = tf.config.threading
    if threads == (setting.get_intra_op_parallelism_threads() or int(os.environ.get(TENSORFLOW[0], 0)) or os.cpu_count()):
        return
    try:
        setting.set_intra_op_parallelism_threads(threads)
        setting.set_inter_op_parallelism_threads(threads)
    except RuntimeError:
        raise _late("TensorFlow", TENSORFLOW[0], threads) from None


def _jax(threads: int) -> None:
    if os.environ.get(JAX) != str(threads) and compat.jax_has_started():
        raise _late("JAX", JAX, threads)
    os.environ[JAX] = str(threads)


def _late(backend: str, variable: str, threads: int) -> UserError:
    return UserError(
        f"training.threads is {threads}, but {backend} has started with another number in this process; "
        f"take worker processes (executor.name=local) or set {variable}={threads} before it starts"
    )
