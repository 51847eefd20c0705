"""One run spread over the devices of a machine."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from rnnlab.training.config import TrainingConfig


@contextmanager
def distributed(config: TrainingConfig, rows: int) -> Iterator[None]:
    """Spread what is built and trained inside over all devices, where the config says so, for batches of so many rows.

    Every device has all weights and its part of the rows of each batch; XLA compiles the same program for all of them, so that
    masks, carried states and figures are those of one device, but for the rounding of sums. Raises ValueError where the backend
    cannot do that or the rows don't divide among the devices.
    """
    if config.distribution is None:
        yield
        return
    if keras.backend.backend() != "jax":
        raise ValueError(f"training.distribution: {config.distribution} needs KERAS_BACKEND=jax, not {keras.backend.backend()}")
    devices = keras.distribution.list_devices()
    if rows % len(devices):
        raise ValueError(f"a batch of {rows} rows cannot be divided among {len(devices)} devices; change data.batch_size")
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
    try:
        yield
    finally:
        keras.distribution.set_distribution(None)
