"""The model of a config in layers of Keras alone, to be used without rnnlab; refused where an equation differs."""

from collections.abc import Callable, Iterator
from itertools import chain

import keras
from keras import ops

from rnnlab.cells.builtin_cells import CELLS
from rnnlab.data.dataset import PADDING
from rnnlab.data.task import Task
from rnnlab.errors import UserError
from rnnlab.layers.noise_rates import is_rate
from rnnlab.models.model_config import HeadConfig, ModelConfig
from rnnlab.models.recurrent_config import RecurrentConfig
from rnnlab.noise.sampling import off


def keras_only(config: ModelConfig, task: Task, trained: keras.Model) -> keras.Model:
    """Return a model of `keras.layers` alone with the weights, and the predictions, of a `trained` model of the config.

    Input (rows, steps) or (rows, steps, features) of any size. Noise is left out, as it is in evaluation. Raises UserError
    where there is an `obstacle`.
    """
    if reason := obstacle(config):
        raise UserError(reason)
    inputs = keras.Input((None, *task.batch_shape[2:]), dtype=task.dtype, name="input")
    x, mask = _real(inputs, task.dtype == "int32") if task.padded else (inputs, None)
    beside = x[:, 0, 1:] if task.beside else None
    x = ops.cast(x[..., 0], "int32") if task.beside else x
    if config.embedding:
        x = keras.layers.Embedding(task.vocabulary, config.embedding.width, name="embedding")(x)
    every_step = task.kind.per_step or config.head.pooling != "last"
    for index, layer in enumerate(config.recurrent):
        sequences = every_step or index < len(config.recurrent) - 1
        x = _recurrent(layer, f"recurrent_{index}", sequences)(x, mask=mask)
    model = keras.Model(inputs, _head(config.head, task, x, mask, beside))
    _copy(model, trained)
    return model


def obstacle(config: ModelConfig) -> str | None:
    """Return the layer and the option whose equation Keras's layers do not have, or None where they have all equations."""
    layers = (_in_layer(f"model.recurrent.{index}", layer) for index, layer in enumerate(config.recurrent))
    return next(chain(_in_stack(config), *layers), None)


def _in_stack(config: ModelConfig) -> Iterator[str]:
    """Layers of rnnlab's own around the recurrent ones."""
    own = {
        "model.residual": config.residual,
        "model.head.reads: all": config.head.reads == "all",
        "model.head.pooling: attention": config.head.pooling == "attention",
        "initial_state: learned": any(layer.initial_state == "learned" for layer in config.recurrent),
    }
    for name, used in own.items():
        if used:
            yield f"{name} has no form in plain layers of Keras here: export to keras"


def _in_layer(path: str, layer: RecurrentConfig) -> Iterator[str]:
    """What a layer computes in evaluation that Keras's layer does not."""
    kind = CELLS[layer.cell]
    if not kind.keras:
        yield f"{path} has the cell {kind.name}, which Keras does not have: export to keras"
    for option, field in kind.options.model_fields.items():
        if option not in kind.keras_options and getattr(layer, option) != field.default:
            yield f"{path} has {option}, which keras.layers.{kind.keras} does not have: export to keras"
    for argument in ("dropout", "recurrent_dropout"):
        for noise in getattr(layer, argument).noise:
            if not off(noise):
                yield (
                    f"{path}.{argument} acts at the site {noise.site} in evaluation too, by its mean, which no layer of Keras "
                    "does: export to keras"
                )


def _real(inputs: keras.KerasTensor, tokens: bool) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """The inputs with zeros at padding, and where they are real, (rows, steps)."""
    mask = ops.not_equal(inputs, PADDING) if tokens else ops.logical_not(ops.any(ops.isnan(inputs), axis=-1))
    return ops.where(mask if tokens else ops.expand_dims(mask, -1), inputs, ops.zeros_like(inputs)), mask


def _recurrent(config: RecurrentConfig, name: str, sequences: bool) -> keras.layers.Layer:
    kind = CELLS[config.cell]
    options = {option: getattr(config, option) for option in kind.keras_options}
    layer = getattr(keras.layers, str(kind.keras))

    def one(name: str, **arguments: object) -> keras.layers.Layer:
        return layer(config.units, return_sequences=sequences, name=name, **options, **arguments)

    if not config.bidirectional:
        return one(name)
    return keras.layers.Bidirectional(
        one(f"{name}_forward"), backward_layer=one(f"{name}_backward", go_backwards=True), name=name
    )


def _head(
    config: HeadConfig,
    task: Task,
    x: keras.KerasTensor,
    mask: keras.KerasTensor | None,
    beside: keras.KerasTensor | None,
) -> keras.KerasTensor:
    if config.pooling != "last":
        x = _POOLING[config.pooling](x, mask)
    if beside is not None:
        x = keras.layers.Concatenate(name="with_beside")([x, beside])
    for index, width in enumerate(config.dense):
        x = keras.layers.Dense(width, activation=config.activation, name=f"dense_{index}")(x)
    if config.projection:
        x = keras.layers.Dense(config.projection, name="projection")(x)
    return keras.layers.Dense(task.outputs, name="head")(x)


def _mean(x: keras.KerasTensor, mask: keras.KerasTensor | None) -> keras.KerasTensor:
    if mask is None:
        return ops.mean(x, axis=1)
    real = ops.expand_dims(ops.cast(mask, x.dtype), -1)
    return ops.sum(x * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1)


def _max(x: keras.KerasTensor, mask: keras.KerasTensor | None) -> keras.KerasTensor:
    if mask is None:
        return ops.max(x, axis=1)
    real = ops.expand_dims(ops.cast(mask, x.dtype), -1)
    largest = ops.max(x * real - 1e30 * (1 - real), axis=1)
    return largest * ops.cast(ops.expand_dims(ops.any(mask, axis=1), -1), x.dtype)


_POOLING: dict[str, Callable[..., keras.KerasTensor]] = {"mean": _mean, "max": _max}


def _copy(model: keras.Model, trained: keras.Model) -> None:
    """Copy the weights layer by layer; a tied output layer gets the transposed table, and its bias where it has one."""
    theirs = {layer.name: [ops.convert_to_numpy(w) for w in layer.weights if not is_rate(w)] for layer in trained.layers}
    for layer in model.layers:
        if layer.name == "head" and "head" not in theirs:
            table = theirs["embedding"][0]
            bias = theirs.get("head_bias") or [keras.ops.convert_to_numpy(ops.zeros(len(table), table.dtype))]
            layer.set_weights([table.T, *bias])
        elif layer.get_weights():
            layer.set_weights(theirs[layer.name])
