"""An optimizer section becomes a Keras optimizer."""

from typing import Any

import keras

from rnnlab.training.config import OptimizerConfig

OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "sgd": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
}


def optimizer(config: OptimizerConfig) -> keras.optimizers.Optimizer:
    """Return the optimizer of a config; `clip_norm` bounds the norm of the whole gradient.

    >>> optimizer(OptimizerConfig(name="sgd", learning_rate=1.0, clip_norm=5.0)).global_clipnorm
    5.0
    """
    arguments: dict[str, Any] = {"momentum": config.momentum} if config.momentum else {}
    return OPTIMIZERS[config.name](
        learning_rate=config.learning_rate,
        global_clipnorm=config.clip_norm,
        weight_decay=config.weight_decay or None,
        **arguments,
    )
