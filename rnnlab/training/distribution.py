"""One run spread over the devices of a machine."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from rnnlab.data.dataset import Dataset
from rnnlab.models.model_config import ModelConfig
from rnnlab.models.recurrent_config import PENALTIES
from rnnlab.training.training_config import TrainingConfig


@contextmanager
def distributed(config: TrainingConfig, model: ModelConfig, dataset: Dataset) -> Iterator[None]:
    """Distribute what is built and trained inside over all devices, if the config says so.

    Every device has all weights and its part of the rows of each batch; masks, carried states and metrics are those of one
    device, but for the rounding of sums. On JAX XLA compiles one program for all; on TensorFlow a replica on each is Keras's
    `MirroredStrategy`. Raises ValueError where the backend has neither, the rows don't divide among the devices, or a replica
    cannot know its part.
    """
    if config.distribution is None:
        yield
        return
    backend = keras.backend.backend()
    if backend not in ("jax", "tensorflow"):
        raise ValueError(f"training.distribution: {config.distribution} needs KERAS_BACKEND=jax or tensorflow, not {backend}")
    rows, devices = dataset.train.rows, keras.distribution.list_devices()
    if rows % len(devices):
        raise ValueError(f"a batch of {rows} rows cannot be divided among {len(devices)} devices; change data.batch_size")
    if backend == "tensorflow":
        import tensorflow as tf

        _check(model, dataset)
        with tf.distribute.MirroredStrategy(devices).scope():
            yield
        return
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
    try:
        yield
    finally:
        keras.distribution.set_distribution(None)


def _check(model: ModelConfig, dataset: Dataset) -> None:
    """Refuse what a layer of Keras computes from the whole batch, of which a replica has a part."""
    builtin = any(layer.implementation == "keras" and (layer.dropout or layer.recurrent_dropout) for layer in model.recurrent)
    averaged = dataset.task.padded and any(getattr(layer, name) for layer in model.recurrent for name in PENALTIES)
    reasons = {
        "a state carried from batch to batch": dataset.task.carried,
        "noise of the built-in layers": builtin,
        "head.dropout where only the last step is scored": model.head.dropout and not dataset.task.kind.per_step,
        "penalties on the outputs of padded data": averaged,
    }
    for reason, present in reasons.items():
        if present:
            raise ValueError(f"training.distribution: data_parallel with {reason} needs KERAS_BACKEND=jax, not tensorflow")
