"""How many numbers a model trains, counted from its config without building it."""

from rnnlab.cells.builtin import CELLS
from rnnlab.data.task import Task
from rnnlab.models.model_config import ModelConfig
from rnnlab.models.recurrent_config import RecurrentConfig
from rnnlab.noise.schemes import noises


def parameters(config: ModelConfig, task: Task) -> int:
    """Return the trained weights of the model that `rnnlab.models.build_model.build` makes of a config for a task.

    >>> medium = ModelConfig.model_validate({"embedding": {"width": 650}, "recurrent": [{"units": 650}, {"units": 650}]})
    >>> parameters(medium, Task("language_model", (20, 35), 10_000, "words", vocabulary=10_000))
    19775200
    """
    total, width = 0, 1 if len(task.batch_shape) < 3 else int(task.batch_shape[2] or 0)
    if config.embedding:
        width = config.embedding.width
        total = task.vocabulary * width * config.embedding.trainable
    for layer in config.recurrent:
        size = CELLS[layer.cell].weights(width, layer.units, layer.options) + _learnt(layer)
        states = CELLS[layer.cell].state_sizes(layer.units, layer.options)
        total += size * (2 if layer.bidirectional else 1) + (sum(states.values()) if layer.initial_state == "learned" else 0)
        width = layer.outputs
    return total + _head(config, task)


def _learnt(config: RecurrentConfig) -> int:
    """The rates of noise that are learnt."""
    given = ((argument, getattr(config, argument)) for argument in ("dropout", "recurrent_dropout"))
    return sum(noise.learned for argument, setting in given for noise in noises(setting, argument))


def _head(config: ModelConfig, task: Task) -> int:
    head, width = config.head, config.outputs
    total = width * (width + 2) if head.pooling == "attention" else 0
    width += task.beside
    for wider in head.dense:
        total, width = total + (width + 1) * wider, wider
    if head.projection:
        total, width = total + (width + 1) * head.projection, head.projection
    return total + (task.outputs * head.bias if head.tie_embedding else (width + 1) * task.outputs)
