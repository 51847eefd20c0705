"""The model of a config as a script in plain Keras trains it: built-in layers, Keras's loss, optimizer and `fit`."""

import keras
import numpy as np

from rnnlab.cells.builtin_cells import CELLS
from rnnlab.config import RunConfig
from rnnlab.data.dataset import Dataset, Split
from rnnlab.documents import Record
from rnnlab.errors import UserError
from rnnlab.models.build_model import build
from rnnlab.models.model_config import ModelConfig
from rnnlab.models.objective import objective
from rnnlab.models.recurrent_config import RecurrentConfig
from rnnlab.training.builtin_optimizers import OPTIMIZERS
from rnnlab.training.optimizer_config import OptimizerConfig

RATE = 0.5
"""The rate wherever a variant has noise: what a mask costs does not depend on its rate."""


def in_builtin_layers(config: ModelConfig) -> ModelConfig:
    """Return a model section with the built-in layers; raise UserError where Keras has none."""
    embedding = config.embedding and config.embedding.model_copy(update={"dropout": 0.0})
    changes = {"recurrent": [_builtin(layer) for layer in config.recurrent], "embedding": embedding, "start_from": None}
    return config.model_copy(update=changes)


def _builtin(layer: RecurrentConfig) -> RecurrentConfig:
    kind = CELLS[layer.cell]
    if not kind.keras:
        raise UserError(f"Keras has no layer with the cell {layer.cell}, so there is no plain loop to compare with")
    same = {name: getattr(layer, name) for name in ("cell", "units", "bidirectional", "initial_state", *kind.keras_options)}
    noise = {name: RATE if getattr(layer, name) else 0.0 for name in ("dropout", "recurrent_dropout")}
    return type(layer).model_validate({**same, **noise, "implementation": "keras"})


def plain_model(config: RunConfig, dataset: Dataset, seed: int) -> keras.Model:
    """Return the compiled model."""
    model = build(in_builtin_layers(config.model), dataset.task, seed)
    model.compile(_optimizer(config.training.optimizer), _loss(dataset))
    return model


def _optimizer(config: OptimizerConfig) -> keras.optimizers.Optimizer:
    kind = OPTIMIZERS[config.name].type()
    made: keras.optimizers.Optimizer = kind(config.learning_rate, global_clipnorm=config.clip_norm, **config.settings)
    return made


def _loss(dataset: Dataset) -> str | keras.losses.Loss:
    """The loss by Keras's own name where it has one."""
    wanted = objective(dataset.task)
    if wanted.position_loss == "cross_entropy":
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return "mse" if wanted.position_loss == "squared_error" else wanted.loss()


def plain_run(model: keras.Model, config: RunConfig, dataset: Dataset) -> None:
    """Train with a validation after every epoch, then evaluate on the test split."""
    training, validation, test = (_fed(split) for split in (dataset.train, dataset.validation, dataset.test))
    shuffle = not dataset.task.carried
    common = {"batch_size": dataset.train.rows, "epochs": config.training.epochs, "shuffle": shuffle, "verbose": 0}
    model.fit(**training, validation_data=tuple(validation.values()), **common)
    model.evaluate(**test, batch_size=dataset.test.rows, verbose=0)


def _fed(split: Split) -> Record:
    """A split as arrays; sample weights only where they differ."""
    if split.varied:
        raise UserError(
            "the batches of this data set differ in their numbers of steps, which the arrays of a plain loop cannot hold"
        )
    x, y, weights = (np.concatenate(parts) for parts in zip(*split.batches(0, 0), strict=True))
    return {"x": x, "y": y, **({} if (weights == weights.flat[0]).all() else {"sample_weight": weights})}
