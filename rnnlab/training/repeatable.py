"""The same run twice gives the same bits."""

import keras


def repeatable(seed: int, deterministic: bool = True) -> None:
    """Seed every global generator, and choose whether operations must repeat exactly.

    On TensorFlow the choice belongs to the run's identity: its bits differ with it and without it. It holds for the process
    until the next call.
    """
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        # TensorFlow offers a switch-off only inside; a sweep in one process needs both.
        from tensorflow.python.framework import config

        config.enable_op_determinism() if deterministic else config.disable_op_determinism()
