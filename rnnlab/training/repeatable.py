"""The same run twice gives the same bits."""

import keras

from rnnlab import compat
from rnnlab.registry import foreign


def repeatable(seed: int, deterministic: bool = True) -> None:
    """Seed every global generator, and choose whether operations must repeat exactly.

    On TensorFlow the choice belongs to the run's identity: its bits differ with it and without it. It holds for the process
    until the next call.
    """
    compat.set_random_seed(seed, keep_kernels=not foreign())  # no part of ours draws from a kernel with a state
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        # A sweep in one process needs both.
        tf.config.experimental.enable_op_determinism() if deterministic else compat.switch_off_determinism()
