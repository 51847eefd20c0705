"""A model section of a config becomes a plain keras.Model: embedding, recurrent stack, head."""

import keras

from rnnlab import layers
from rnnlab.data.task import Task
from rnnlab.errors import UserError
from rnnlab.models.attention import AttentionPooling, LearnedState
from rnnlab.models.bias import Bias
from rnnlab.models.initial import draw_all, drawn
from rnnlab.models.model_config import EmbeddingConfig, HeadConfig, ModelConfig
from rnnlab.models.padding import Padding, Pooling, RealSteps
from rnnlab.models.past_recurrence import Beside, Tokens
from rnnlab.models.recurrent import recurrent
from rnnlab.models.recurrent_config import RecurrentConfig
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
    x = _stack(config, task, seed, x, inputs)
    model = keras.Model(inputs, _head(config.head, task, seed, embedding, x, beside))
    if config.initial:
        draw_all(model, config.initial, seed)
    return model


def _stack(config: ModelConfig, task: Task, seed: int, x: keras.KerasTensor, inputs: keras.KerasTensor) -> keras.KerasTensor:
    """The recurrent layers, with what is added to their outputs and what of them the head reads."""
    pooled = config.head.pooling != "last"
    every_step, outputs = task.kind.per_step or pooled or config.whole_sequences, []
    for index, layer in enumerate(config.recurrent):
        name, sequences = f"recurrent_{index}", every_step or index < len(config.recurrent) - 1
        y = _begun(
            layer, name, recurrent(layer, name, seed, return_sequences=sequences, stateful=task.carried), x, task, inputs
        )
        x = keras.layers.Add(name=f"residual_{index}")([y, x]) if config.residual and index else y
        outputs.append(x)
    if config.head.reads == "all" and len(outputs) > 1:
        x = keras.layers.Concatenate(name="skip")(outputs)
    return Pooling("last", name="last")(x) if every_step and not (task.kind.per_step or pooled) else x


def _begun(
    config: RecurrentConfig,
    name: str,
    layer: keras.layers.Layer,
    x: keras.KerasTensor,
    task: Task,
    inputs: keras.KerasTensor,
) -> keras.KerasTensor:
    """The output of a recurrent layer that begins as its section says."""
    if config.initial_state == "zero":
        return layer(x)
    if task.carried:
        raise UserError(f"{name} begins with a learned state, and none can be carried to it from what was read before")
    sizes = keras.tree.flatten(layer.cell.state_size)
    mask = RealSteps(name=f"{name}_real")(inputs) if task.padded else None
    return layer(x, initial_state=LearnedState(sizes, name=f"{name}_begins")(x), mask=mask)


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
        attention = config.pooling == "attention"
        pool = AttentionPooling(name="pooling", **drawn(seed, "pooling", "kernel")) if attention else None
        x = (pool or Pooling(config.pooling, name="pooling"))(x)
    if config.dropout:
        mask = layers.LockedDropout if task.kind.per_step else keras.layers.Dropout
        x = mask(config.dropout, seed=derive(seed, "head_dropout", "noise"), name="head_dropout")(x)
    if beside is not None:
        x = keras.layers.Concatenate(name="with_beside")([x, beside])
    for index, width in enumerate(config.dense):
        own = drawn(seed, f"dense_{index}", "kernel")
        x = keras.layers.Dense(width, activation=config.activation, name=f"dense_{index}", **own)(x)
    if config.projection:
        x = keras.layers.Dense(config.projection, name="projection", **drawn(seed, "projection", "kernel"))(x)
    if config.tie_embedding and embedding:
        logits = embedding(x, reverse=True)
        return Bias(name="head_bias")(logits) if config.bias else logits
    return keras.layers.Dense(task.outputs, name="head", **drawn(seed, "head", "kernel"))(x)
