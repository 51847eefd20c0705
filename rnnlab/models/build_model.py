"""A model section of a config becomes a plain keras.Model: embedding, recurrent stack, head."""

import keras

from rnnlab import layers
from rnnlab.data.task import Task
from rnnlab.models.bias import Bias
from rnnlab.models.initial import draw_all, drawn
from rnnlab.models.model_config import EmbeddingConfig, HeadConfig, ModelConfig
from rnnlab.models.padding import Padding, Pooling
from rnnlab.models.past_recurrence import Beside, Tokens
from rnnlab.models.recurrent import recurrent
from rnnlab.seeds import derive


def build(config: ModelConfig, task: Task, seed: int) -> keras.Model:
    """Return the functional model of a config for a task, its weights drawn from `seed`.

    Input: a batch of `task.batch_shape`. Output: predictions [rows, steps, outputs] or [rows, outputs], as the kind of task
    has it; of classes and of zeros and ones they are logits. Padding is masked, and changes no prediction. Where
    `task.carried`, the recurrent layers carry their state from batch to batch.

    Two configs whose layers have equal shapes begin with equal bits, whatever else differs: a weight is seeded by its name.
    """
    inputs = keras.Input(batch_shape=task.batch_shape, dtype=task.dtype, name="input")
    x = Padding(name="padding")(inputs) if task.padded else inputs
    beside = Beside(name="beside")(x) if task.beside else None
    x = Tokens(name="tokens")(x) if task.beside else x
    embedding = _embedding(config.embedding, task, seed) if config.embedding else None
    x = embedding(x) if embedding else x
    every_step = task.kind.per_step or config.head.pooling != "last"
    for index, layer in enumerate(config.recurrent):
        sequences = every_step or index < len(config.recurrent) - 1
        x = recurrent(layer, f"recurrent_{index}", seed, return_sequences=sequences, stateful=task.carried)(x)
    model = keras.Model(inputs, _head(config.head, task, seed, embedding, x, beside))
    if config.initial:
        draw_all(model, config.initial, seed)
    return model


def _embedding(config: EmbeddingConfig, task: Task, seed: int) -> layers.Embedding:
    return layers.Embedding(
        task.vocabulary,
        config.width,
        dropout=config.dropout,
        trainable=config.trainable,
        seed=derive(seed, "embedding", "noise"),
        name="embedding",
        **drawn(seed, "embedding", "embeddings"),
    )


def _head(
    config: HeadConfig,
    task: Task,
    seed: int,
    embedding: layers.Embedding | None,
    x: keras.KerasTensor,
    beside: keras.KerasTensor | None,
) -> keras.KerasTensor:
    if config.pooling != "last":
        x = Pooling(config.pooling, name="pooling")(x)
    if config.dropout:
        mask = layers.LockedDropout if task.kind.per_step else keras.layers.Dropout
        x = mask(config.dropout, seed=derive(seed, "head_dropout", "noise"), name="head_dropout")(x)
    if beside is not None:
        x = keras.layers.Concatenate(name="with_beside")([x, beside])
    if config.projection:
        x = keras.layers.Dense(config.projection, name="projection", **drawn(seed, "projection", "kernel"))(x)
    if config.tie_embedding and embedding:
        logits = embedding(x, reverse=True)
        return Bias(name="head_bias")(logits) if config.bias else logits
    return keras.layers.Dense(task.outputs, name="head", **drawn(seed, "head", "kernel"))(x)
